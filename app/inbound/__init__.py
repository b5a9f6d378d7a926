"""Answers the dialplan's question: where does this call go?"""
