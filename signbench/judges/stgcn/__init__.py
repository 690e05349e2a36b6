"""ST-GCN: graph convolutions over a skeleton that recognise a sign."""
