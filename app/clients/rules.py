"""How clients are told apart and found."""


def name_key(name: str) -> str:
    """What `clients.name_key` holds and what a search by the beginning of a name looks for."""
    return " ".join(name.casefold().replace("ё", "е").split())
