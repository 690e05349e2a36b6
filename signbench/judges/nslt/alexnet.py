"""The AlexNet with which NSLT reads pictures, in two groups like the original (Krizhevsky, Sutskever and Hinton 2012)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIDE = 227
"""Height and width of its input pictures, in pixels."""

FEATURES = 4096
"""Width of its features."""


class AlexNet(nn.Module):
    """Maps pictures to the activations of ``fc7``. Torchvision's AlexNet has other widths and no groups.

    Source: neccam/nslt, ``cnn/alexnet.py``; the layers' names are those of ``bvlc_alexnet.npy``.
    """

    def __init__(self, dropout: float = 0.5) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, 1, 2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, 1, 1)
        self.conv4 = nn.Conv2d(384, 384, 3, 1, 1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, 1, 1, groups=2)
        self.fc6 = nn.Linear(9216, FEATURES)
        self.fc7 = nn.Linear(FEATURES, FEATURES)
        # TensorFlow's radius 2 and alpha 2e-5 for a sum equal torch's size 5 and alpha 1e-4 for a mean.
        self.norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)
        self.pool = nn.MaxPool2d(3, 2)
        self.dropout = nn.Dropout(dropout)

    def forward(self, pictures: Tensor) -> Tensor:
        """Features ``(N, 4096)`` of pictures ``(N, 3, 227, 227)``: BGR in [0, 255] minus the mean picture."""
        x = self.pool(self.norm(torch.relu(self.conv1(pictures))))
        x = self.pool(self.norm(torch.relu(self.conv2(x))))
        x = torch.relu(self.conv4(torch.relu(self.conv3(x))))
        x = self.pool(torch.relu(self.conv5(x)))
        x = self.dropout(torch.relu(self.fc6(x.flatten(1))))
        features: Tensor = self.dropout(torch.relu(self.fc7(x)))
        return features
