"""The figures of a study, each as PDF and PNG of one or more pages, drawn from its tables and panels alone."""
