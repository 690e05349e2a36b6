"""From response sheets to a table of pseudonymous answers: files, encodings, columns and the mapping."""
