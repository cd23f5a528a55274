"""Tables of a study, written from the stored artefacts and scores."""
