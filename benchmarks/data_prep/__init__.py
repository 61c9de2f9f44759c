"""The benchmark of data preparation: rows made here, workers measured one process each, a page written."""
