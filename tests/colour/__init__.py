"""One picture of four quarters in every combination of container, depth, profile, alpha and layout."""
