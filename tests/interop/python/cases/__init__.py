"""The cases, in the order in which they run."""
from cases import methods, metadata, endings, connections, errors, compression, sizes, health, reflection  # noqa: F401
