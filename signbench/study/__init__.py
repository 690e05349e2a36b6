"""The human study: from response sheets to the Sign Understandability Score (SUS; not the System Usability Scale)."""
