"""The table of all figures: one row each, on the terminal for people and in build/bench.json for programs."""
import json

HELD = {None: "", True: "held", False: "MISSED"}
HEAD = ("figure", "ours", "limit", "peer", "ratio", "unit", "", "")


def _number(value):
    """Few digits that say something, and no exponent."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


class Table:
    def __init__(self):
        self.rows, self.part = [], ""

    def add(self, name, ours, unit, most=None, least=None, peer=None, peer_at_most=None, note=""):
        """
        most, least: limits. peer: the same by somebody else; peer_at_most: the share of it that is the limit. ratio is ours
        by the peer's, or by the limit. note: how it was measured where the name does not say it, or why it is missed.
        """
        limit = most if least is None else least
        checks = ([] if most is None else [ours <= most]) + ([] if least is None else [ours >= least])
        checks += [] if peer_at_most is None else [ours <= peer_at_most * peer]
        against = peer if peer is not None else limit
        self.rows.append({
            "part": self.part, "name": name, "ours": round(ours, 4), "unit": unit, "limit": limit,
            "bound": None if limit is None else "most" if least is None else "least",
            "peer": None if peer is None else round(peer, 4), "ratio": round(ours / against, 4) if against else None,
            "held": all(checks) if checks else None, "note": note})

    def add_absent(self, name, why):
        """A figure, or a peer, that is not to be had: said, and not left out."""
        self.rows.append({"part": self.part, "name": name, "ours": None, "unit": "", "limit": None, "bound": None,
                          "peer": None, "ratio": None, "held": None, "note": why})

    def save(self, path):
        path.write_text(json.dumps(self.rows, indent=1) + "\n")

    def missed(self):
        return [row["name"] for row in self.rows if row["held"] is False]

    def __str__(self):
        rows = [HEAD]
        part = None
        for row in self.rows:
            if row["part"] != part:
                part = row["part"]
                rows.append((part.upper(), *[""] * (len(HEAD) - 1)))
            limit = {None: "", "most": "<= ", "least": ">= "}[row["bound"]] + _number(row["limit"])
            rows.append((f"  {row['name']}", _number(row["ours"]), limit, _number(row["peer"]), _number(row["ratio"]),
                         row["unit"], HELD[row["held"]], row["note"]))
        widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD) - 1)] + [0]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
