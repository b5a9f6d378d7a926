"""The app: starts, stores and serves. The only part that knows PostgreSQL, FastAPI and the environment."""
