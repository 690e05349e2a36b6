"""DWPose: whole-body key points of a person in every frame of a real video."""
