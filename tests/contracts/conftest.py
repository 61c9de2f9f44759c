"""The kit's rows are few: threads would only wait for each other, for seconds on a busy machine."""

import pytest
import sklearn.ensemble  # noqa: F401  (its thread pool must exist before it can be limited)
import threadpoolctl
import torch


@pytest.fixture(scope="session", autouse=True)
def _single_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpoolctl.threadpool_limits(1):
        yield
    torch.set_num_threads(before)
