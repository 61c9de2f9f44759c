"""What a model's image processor does to an image, read from its JSON: size, crop, mean and deviation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ...core.errors import DataError
from ._vision import View

STEP = 32  # pixels: detectors halve a picture five times
FULL_CROP = 384  # from this size on, ConvNeXt's processor resizes straight and cuts nothing off
RESAMPLING: dict[int, Literal["bilinear", "bicubic"]] = {2: "bilinear", 3: "bicubic"}  # Pillow's numbers


def view_of(processor: Mapping[str, Any], family: str, where: str, size: int | None) -> View:
    """Return the view; `size` replaces the processor's own, the share cut off at the borders being the same.

    Raises DataError where the JSON does not say what is needed, or asks for what a view cannot do.
    """
    try:
        height, width, short_side = _shape(processor, family)
        mean, deviation = _scale(processor)
        interpolation = RESAMPLING[processor.get("resample", 2)]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"base '{where}': its preprocessor_config.json does not say what the model sees ({error!r}); it has "
            f"{', '.join(sorted(processor))}; size, image_mean, image_std and resample 2 or 3 are read"
        ) from error
    if size is not None:
        short_side = None if short_side is None else round(short_side * size / min(height, width))
        height = width = size
    return View(height, width, short_side, mean, deviation, interpolation)


def whole_view(processor: Mapping[str, Any], where: str, usual: tuple[int, int], side: int | None) -> View:
    """Return a view that cuts nothing off, of pictures whose `usual` height and width are known.

    The longer side becomes `side`; without one, the size is the processor's own. Sides are multiples of 32. Raises
    DataError where the JSON does not say what is needed.
    """
    try:
        mean, deviation = _scale(processor)
        interpolation = RESAMPLING[processor.get("resample", 2)]
        size = processor.get("size", {})
        if side is None and "height" in size:
            return View(int(size["height"]), int(size["width"]), None, mean, deviation, interpolation)
        scale = (side or int(size["longest_edge"])) / max(usual)
        if side is None:
            scale = min(scale, int(size["shortest_edge"]) / min(usual))
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"base '{where}': its preprocessor_config.json does not say what the model sees ({error!r}); it has "
            f"{', '.join(sorted(processor))}; size, image_mean, image_std and resample 2 or 3 are read"
        ) from error
    height, width = (max(STEP * round(one * scale / STEP), STEP) for one in usual)
    return View(height, width, None, mean, deviation, interpolation)


def _shape(processor: Mapping[str, Any], family: str) -> tuple[int, int, int | None]:
    """Return height, width, and the length that the shorter side is resized to, None where it is resized straight."""
    size = processor["size"]
    if isinstance(size, int):
        size = {"shortest_edge": size} if family.startswith("convnext") else {"height": size, "width": size}
    crop = processor.get("crop_size")
    if not processor.get("do_center_crop"):
        crop = None
    if isinstance(crop, int):
        crop = {"height": crop, "width": crop}
    if "shortest_edge" not in size:
        seen = crop or size
        if crop is not None and crop != {"height": size["height"], "width": size["width"]}:
            raise ValueError("resized straight, then cropped")
        return int(seen["height"]), int(seen["width"]), None
    edge = int(size["shortest_edge"])
    if crop is not None:
        return int(crop["height"]), int(crop["width"]), edge
    if family.startswith("convnext") and edge < FULL_CROP:
        return edge, edge, int(edge / float(processor.get("crop_pct") or 224 / 256))
    return edge, edge, None if family.startswith("convnext") else edge


def _scale(processor: Mapping[str, Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and deviation of pixels in 0..1, with a rescaling by another number than 1/255 in them."""
    factor = float(processor.get("rescale_factor", 1 / 255)) * 255 if processor.get("do_rescale", True) else 255.0
    if processor.get("do_normalize", True):
        mean, deviation = processor["image_mean"], processor["image_std"]
    else:
        mean, deviation = (0.0,) * 3, (1.0,) * 3
    if len(mean) != 3 or len(deviation) != 3:
        raise ValueError(f"image_mean has {len(mean)} colours")
    return tuple(float(one) / factor for one in mean), tuple(float(one) / factor for one in deviation)
