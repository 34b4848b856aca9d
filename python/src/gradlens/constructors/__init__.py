"""Explanations from the results of other libraries."""

from gradlens.constructors.from_attributions import attribution
from gradlens.constructors.from_object import explanation
from gradlens.constructors.from_scores import similarity

__all__ = ["attribution", "explanation", "similarity"]
