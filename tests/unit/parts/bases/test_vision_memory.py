"""Images lie in memory as the machine's library can take them: not side by side where its gradient would be wrong."""

import pytest
import torch
from torch import nn

from tunesmith.parts.bases._vision import memory_format


@pytest.mark.parametrize(
    ("convolution", "expected"),
    [
        (nn.Conv2d(3, 8, 3, 2), torch.channels_last),
        (nn.Conv2d(8, 8, 1), torch.channels_last),
        (nn.Conv2d(16, 8, 1, 2), torch.channels_last),
        (nn.Conv2d(8, 8, 1, 2), torch.contiguous_format),
        (nn.Conv2d(32, 32, 1, (1, 2), groups=4), torch.contiguous_format),
    ],
)
def test_a_strided_convolution_of_few_channels_keeps_the_usual_order(convolution, expected):
    assert memory_format(nn.Sequential(nn.ReLU(), convolution)) == expected


def test_its_gradient_is_that_of_plain_arithmetic():
    torch.manual_seed(0)
    convolution, pixels = nn.Conv2d(8, 16, 1, 2, bias=False), torch.rand(3, 8, 17, 24)
    convolution(pixels.contiguous(memory_format=memory_format(convolution))).square().sum().backward()
    given = convolution.weight.grad.clone()
    with torch.backends.mkldnn.flags(enabled=False):
        convolution.weight.grad = None
        convolution(pixels).square().sum().backward()
    torch.testing.assert_close(given, convolution.weight.grad, rtol=1e-4, atol=1e-4)
