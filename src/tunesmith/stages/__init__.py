"""The verbs, in the order of the story; each takes its own section of the recipe, and none knows another."""
