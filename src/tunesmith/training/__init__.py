"""Training, piece by piece: what the loop is made of."""
