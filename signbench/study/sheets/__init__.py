"""Response sheets as they come: files, encodings, columns and the mapping, up to the table of answers without names."""
