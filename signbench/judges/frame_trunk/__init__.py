"""A ResNet-18 that learned to locate key points in single frames: the trunk that judges of video begin with.

It is what weights from ImageNet are for the published networks. It answers nothing by itself.
"""
