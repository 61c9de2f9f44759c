"""Numbers as people write them: decimal commas, grouped thousands, currencies, units, per cent."""

from __future__ import annotations

import polars as pl

# As the sources read numbers; a number with a leading zero, like 007, is a code.
PLAIN = r"^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$|(?i)^[+-]?(?:nan|inf|infinity)$"
CODE = r"^[+-]?0[0-9]"
AMOUNT = r"^([+-]?)([\p{Sc}]|[A-Z]{3})? ?([+-]?)([0-9](?:[0-9.,' ’]*[0-9])?) ?([\p{Sc}%°]|[\p{L}µ²³/%°]{1,12}\.?)?$"
MAGNITUDES = ("k", "m", "b", "t", "g", "bn", "mn", "mio", "mio.", "mrd", "mrd.", "tsd", "tsd.")  # million, or metre?

# A mark with other than three digits behind it, with a nought or four digits before it, or beside the other mark
# or itself, is either the decimal mark or the mark of thousands, and the other one follows.
COMMA_DECIMAL = (
    r"^(?:[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0|[0-9]{4,}),[0-9]+"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:\.[0-9]{3}){2,})$"
)
POINT_DECIMAL = (
    r"^(?:[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|(?:0|[0-9]{4,})\.[0-9]+"
    r"|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+|[0-9]{1,3}(?:,[0-9]{3}){2,})$"
)
GROUPED = r"^[0-9]{1,3}(?:[' ’][0-9]{3})+(?:[.,][0-9]+)?$"
WHOLE = r"^[0-9]+$"
OPEN = r"^[1-9][0-9]{0,2}[.,][0-9]{3}$"  # thousands, or three decimals


def amounts(cells: pl.Series) -> pl.DataFrame:
    """Return `cell is_plain is_amount is_code value` for distinct texts; `value` (float64) only where it is certain.

    What a comma means, or which unit belongs to bare numbers, is taken from the other cells, and left open where these
    disagree: then `is_amount` holds and `value` is null.
    """
    text = pl.col("cell").str.normalize("NFKC").str.replace_all("[−–]", "-").str.strip_chars()
    parts = text.str.extract_groups(AMOUNT)
    frame = pl.DataFrame({"cell": cells}).with_columns(
        is_plain=pl.col("cell").str.strip_chars().str.contains(PLAIN),
        is_code=pl.col("cell").str.strip_chars().str.contains(CODE) & ~pl.col("cell").str.contains("^[+-]?0[.,]"),
        number=parts.struct.field("4"),
        is_negative=(parts.struct.field("1") == "-") | (parts.struct.field("3") == "-"),
        unit=pl.concat_str(
            parts.struct.field("2").fill_null(""), parts.struct.field("5").fill_null("").str.to_lowercase()
        ),
    )
    forms = {"comma": COMMA_DECIMAL, "point": POINT_DECIMAL, "grouped": GROUPED, "whole": WHOLE, "open": OPEN}
    frame = frame.with_columns(
        pl.col("number").str.contains(form).fill_null(False).alias(f"is_{name}") for name, form in forms.items()
    )
    if _has_comma_decimals(frame):  # then 1.234 is no plain number, but most likely more than a thousand
        frame = frame.with_columns(is_plain=pl.col("is_plain") & ~pl.col("is_open"))
    any_form = pl.any_horizontal(f"is_{name}" for name in forms)
    frame = frame.with_columns(is_amount=any_form & ~pl.col("is_plain"))
    return frame.with_columns(value=_value(frame)).select("cell", "is_plain", "is_amount", "is_code", "value")


def _has_comma_decimals(frame: pl.DataFrame) -> bool:
    return bool(frame["is_comma"].any() and not frame["is_point"].any())


def _value(frame: pl.DataFrame) -> pl.Expr:
    """Return the number that each amount certainly is, null where it may be several."""
    has_commas = _has_comma_decimals(frame)
    has_points = bool(frame["is_point"].any() and not frame["is_comma"].any())
    number = pl.col("number")
    with_comma = number.str.replace_all(r"\.", "").str.replace(",", ".", literal=True)
    with_point = number.str.replace_all(",", "")
    in_groups = number.str.replace_all("[' ’]", "").str.replace(",", ".", literal=True)
    is_comma = pl.col("is_comma") | (pl.col("is_open") & pl.lit(has_commas))
    is_point = pl.col("is_point") | pl.col("is_whole") | (pl.col("is_open") & pl.lit(has_points))
    written = pl.when("is_grouped").then(in_groups).when(is_comma).then(with_comma).when(is_point).then(with_point)
    value = written.otherwise(None).cast(pl.Float64, strict=False) * pl.when("is_negative").then(-1.0).otherwise(1.0)
    units = frame.filter(pl.col("is_amount") & (pl.col("unit") != ""))["unit"].unique().to_list()
    is_known = pl.col("unit") == ""
    if len(units) == 1 and units[0] not in MAGNITUDES:
        is_known = pl.lit(True)
        if units == ["%"]:
            value = pl.when(pl.col("unit") == "%").then(value * _percent(frame)).otherwise(value)
    return pl.when(pl.col("is_amount") & is_known & ~pl.col("is_code")).then(value)


def _percent(frame: pl.DataFrame) -> float:
    """Return what one per cent is beside the plain numbers: 0.01 among shares of one, else 1."""
    plain = frame.filter("is_plain")["cell"].str.strip_chars().cast(pl.Float64, strict=False).drop_nulls().drop_nans()
    is_share = len(plain) > 0 and bool((plain.abs() <= 1).all())
    return 0.01 if is_share else 1.0
