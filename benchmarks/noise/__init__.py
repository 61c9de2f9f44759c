"""Wrong labels, put in or made by people: how many are found, and what finding them is worth."""
