# ruff: noqa: E501
"""Train on real public data with defaults and write the table of docs/results.md.

    python benchmarks/results.py ASSETS            # every data set, about 40 minutes on two cores
    python benchmarks/results.py ASSETS sst2 adult # some of them
    python benchmarks/results.py --table           # the table again, from the runs that are there

ASSETS is a folder with the public data sets named in docs/results.md. Each run is `tunesmith train recipe.yaml --json`.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

RUNS = Path("runs/results")
GERMAN = [
    "status",
    "months",
    "history",
    "purpose",
    "amount",
    "savings",
    "employment",
    "rate",
    "personal",
    "debtors",
    "residence",
    "property",
    "age",
    "plans",
    "housing",
    "credits",
    "job",
    "people",
    "phone",
    "foreign",
    "risk",
]
ADULT = [
    "age",
    "workclass",
    "weight",
    "education",
    "education_years",
    "marital",
    "occupation",
    "relationship",
    "race",
    "sex",
    "gain",
    "loss",
    "hours",
    "country",
    "income",
]
# what a clerk would have typed for each code, from the data set's own description
STATUS = {
    "A11": "overdrawn account",
    "A12": "less than 200 on the account",
    "A13": "200 or more on the account",
    "A14": "no account with us",
}
HISTORY = {
    "A30": "no credits taken",
    "A31": "all credits here paid back",
    "A32": "existing credits paid back duly till now",
    "A33": "delays in paying in the past",
    "A34": "critical account, credits elsewhere",
}
PURPOSE = {
    "A40": "a new car",
    "A41": "a used car",
    "A42": "furniture",
    "A43": "a television",
    "A44": "appliances",
    "A45": "repairs",
    "A46": "education",
    "A48": "retraining",
    "A49": "business",
    "A410": "other things",
}
SAVINGS = {
    "A61": "savings below 100",
    "A62": "savings up to 500",
    "A63": "savings up to 1000",
    "A64": "savings above 1000",
    "A65": "no known savings",
}
JOB = {"A171": "unemployed", "A172": "unskilled", "A173": "skilled employee", "A174": "manager or self-employed"}


def sst2(assets: Path, to: Path) -> str:
    folder = assets / "text/sst2"
    files = ", ".join(
        f"{name}: {(folder / file).resolve()}"
        for name, file in (("train", "train.tsv"), ("validation", "dev.tsv"), ("test", "test.tsv"))
    )
    return f"data: {{path: {{{files}}}, columns: [sentence, label]}}\ntarget: label\nsplit: {{leaks: drop}}\n"


def banking77(assets: Path, to: Path) -> str:
    folder = (assets / "text/banking77").resolve()
    return f"data: {{path: {{train: {folder}/train.csv, test: {folder}/test.csv}}}}\ntarget: category\nsplit: {{leaks: drop}}\n"


def emotion(assets: Path, to: Path) -> str:
    folder = assets / "text/tweeteval_emotion"
    for name in ("train", "val", "test"):
        texts = (folder / f"{name}_text.txt").read_text("utf-8").split("\n")[:-1]
        labels = (folder / f"{name}_labels.txt").read_text("utf-8").split()
        write(to / f"{name}.csv", ["text", "label"], zip(texts, labels, strict=True))
    return (
        "data: {path: {train: train.csv, validation: val.csv, test: test.csv}}\ntarget: label\nsplit: {leaks: drop}\n"
    )


def sms(assets: Path, to: Path) -> str:
    return f"data: {{path: {(assets / 'text/sms_spam/sms.tsv').resolve()}, columns: [label, message]}}\ntarget: label\n"


def ag_news(assets: Path, to: Path) -> str:
    path = (assets / "text/ag_news_test/test.csv").resolve()
    return f"data: {{path: {path}, columns: [topic, title, description]}}\ntarget: topic\n"


def adult(assets: Path, to: Path) -> str:
    for name in ("train", "test"):
        with (assets / f"tabular/adult/adult-{name}.csv").open(encoding="utf-8") as file:
            rows = [
                [cell.strip().rstrip(".") if at == 14 else cell.strip() for at, cell in enumerate(row)]
                for row in csv.reader(file)
                if row
            ]
        write(to / f"{name}.csv", ADULT, rows)
    return "data: {path: {train: train.csv, test: test.csv}, missing: ['?']}\ntarget: income\nsplit: {leaks: drop}\n"


def telco(assets: Path, to: Path) -> str:
    return f"data: {(assets / 'tabular/telco_churn/Telco-Customer-Churn.csv').resolve()}\ntarget: Churn\n"


def german(assets: Path, to: Path) -> str:
    path = (assets / "tabular/german_credit/german.csv").resolve()
    return f"data: {{path: {path}, columns: [{', '.join(GERMAN)}]}}\ntarget: risk\n"


def german_mixed(assets: Path, to: Path) -> str:
    """Five coded columns become one sentence, as in a clerk's note; the others stay numbers and categories."""
    with (assets / "tabular/german_credit/german.csv").open(encoding="utf-8") as file:
        table = [dict(zip(GERMAN, row, strict=True)) for row in csv.reader(file) if row]
    kept = [name for name in GERMAN if name not in ("status", "history", "purpose", "savings", "job", "risk")]
    rows = []
    for row in table:
        note = f"{JOB[row['job']]} asks for money for {PURPOSE[row['purpose']]}; {STATUS[row['status']]}, {SAVINGS[row['savings']]}, {HISTORY[row['history']]}"
        rows.append([note, *(row[name] for name in kept), row["risk"]])
    write(to / "german.csv", ["note", *kept, "risk"], rows)
    return "data: german.csv\ntarget: risk\n"


def california(assets: Path, to: Path) -> str:
    return f"data: {(assets / 'tabular/california_housing/housing.csv').resolve()}\ntarget: median_house_value\n"


SETS = {
    one.__name__: one
    for one in (sst2, banking77, emotion, sms, ag_news, adult, telco, german, german_mixed, california)
}


def write(path: Path, header: list[str], rows: object) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)  # type: ignore[arg-type]


def run(name: str, assets: Path) -> None:
    folder = RUNS / name
    folder.mkdir(parents=True, exist_ok=True)
    print(row(name, train(folder, SETS[name](assets, folder))), flush=True)


def train(folder: Path, recipe: str) -> dict:
    """Run a recipe in a folder, which names the run; keep what it says there, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.yaml").write_text(f"{recipe}name: {folder.name}\n", "utf-8")
    command = [
        sys.executable,
        "-m",
        "tunesmith",
        "train",
        str(folder / "recipe.yaml"),
        "--json",
        "--home",
        str(folder.parent / "home"),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    (folder / "result.json").write_text(done.stdout, "utf-8")
    return json.loads(done.stdout)


def row(name: str, result: dict) -> str:
    primary = result["primary"]
    best = min(result["comparisons"], key=lambda one: lead(result, one))
    ours, p_value = result["metrics"][primary], result["comparisons"][best]["p_value"]
    others = " | ".join(
        number(result["baselines"].get(one, {}).get(primary, {}).get("value"))
        for one in ("majority", "classical", "linear_probe")
    )
    interval = f"{number(ours['low'])} to {number(ours['high'])}"
    return (
        f"| {name} | {result['base']} | {result['test_rows']} | {primary} | **{number(ours['value'])}** | {interval} "
        f"| {others} | {p_value:.2g} | {result['verdict']} | {result['seconds']:.0f} |"
    )


def lead(result: dict, baseline: str) -> float:
    """The difference to a baseline with better counted as positive."""
    value = result["comparisons"][baseline]["difference"]["value"]
    return -value if result["primary"] in ("mae", "rmse", "log_loss") else value


def number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.0f}"


def table(names: Iterable[str] = SETS) -> str:
    head = "| data | base | test rows | metric | Tunesmith | 95 % interval | majority or mean | TF-IDF + LR or boosting | frozen base + linear | p (best baseline) | verdict | seconds |"
    found = [name for name in names if (RUNS / name / "result.json").exists()]
    lines = [row(name, json.loads((RUNS / name / "result.json").read_text("utf-8"))) for name in found]
    return "\n".join([head, re.sub(r"[^|]+", "---", head), *lines])


if __name__ == "__main__":
    if "--table" not in sys.argv:
        for one in sys.argv[2:] or SETS:
            run(one, Path(sys.argv[1]))
    print(table())
