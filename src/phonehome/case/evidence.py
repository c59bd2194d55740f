"""What a check came to, in sentences: for the terminal, and for reports on a case."""

from pathlib import Path

from phonehome.case.inventory import MANIFEST, SIGNATURES, Part
from phonehome.case.manifest import names_of
from phonehome.case.verification import Signed, Verification, verify
from phonehome.model.errors import ConfigError

MAX_NAMED = 1000
NO_STAMP = "no time stamp of an independent service: only the signer's own clock says when"
NOT_SIGNED = "Not signed: whoever could change the case could change its manifest, too."


def describe(result: Verification) -> list[str]:
    """Say all of it: who signed and when, each file that differs, and what does not hold."""
    strays = [f"In no manifest, so nobody vouches for it: {one}" for one in result.strays[:MAX_NAMED]]
    return [
        *_files(result),
        *strays,
        *_signers(result),
        *(f"WRONG: {failure}" for failure in result.failures),
    ]


def evidence_notes(root: Path, *, hash_files: bool = True) -> list[str]:
    """Say for a report how well the evidence of a case is vouched for; works offline, and never raises for a bad case.

    Args:
        root: The folder of the case.
        hash_files: Compare every file with the manifest, reading all evidence once; without it no change is noticed.
    """
    try:
        if not (root / MANIFEST).exists() and not (root / SIGNATURES).exists():
            return [
                "The evidence has no manifest and no signature: nothing shows that it is what was recorded."
            ]
        result = verify(root, hash_files=hash_files)
    except ConfigError as error:
        return [f"The evidence could not be checked: {error}"]
    wrong = [f"{one.part.value} {one}" for one in names_of(result.differences, Part.EVIDENCE)[:MAX_NAMED]]
    return [*_signers(result), *(f"WRONG: {sentence}" for sentence in (*wrong, *result.failures))]


def is_signed(root: Path) -> bool:
    """Say whether a signature over the manifest as it stands holds, by whichever key; no file is hashed."""
    try:
        result = verify(root, hash_files=False)
    except ConfigError:
        return False
    return bool(result.present) and not result.failures


def _files(result: Verification) -> list[str]:
    if not result.has_manifest:
        return [
            f"{result.files:,} captures and key logs were compared with what their session.yaml says; no manifest "
            "vouches for that or for any other file (`phonehome sign` writes one)."
        ]
    evidence = names_of(result.differences, Part.EVIDENCE)
    derived = names_of(result.differences, Part.DERIVED)
    lines = [
        f"{result.files:,} files in the manifest" + ("" if result.differences else ", and each is as it was.")
    ]
    if result.differences:
        lines[0] += f"; {len(result.differences):,} differ:"
    lines += [f"  {one}" for one in evidence[:MAX_NAMED]]
    lines += [f"  {one} (a result, not evidence{_advice(one.kind)})" for one in derived[:MAX_NAMED]]
    left = len(result.differences) - len(evidence[:MAX_NAMED]) - len(derived[:MAX_NAMED])
    return [*lines, f"  and {left:,} more"] if left else lines


def _advice(kind: str) -> str:
    match kind:
        case "changed":
            return "; `phonehome repeat` shows which is right, and the owner signs again"
        case "missing":
            return "; `phonehome audit` makes it again"
        case _:
            return "; nobody signed it"


def _signers(result: Verification) -> list[str]:
    lines = [_signer(one) for one in result.present]
    if not result.present:
        lines.append(NOT_SIGNED)
    elif not any(one.trusted for one in result.present):
        lines.append(
            "Trust is not established: compare the fingerprint with what the signer tells you another way, "
            "or give the key with --public-key."
        )
    earlier = [one for one in result.signatures if not one.present]
    if earlier and result.present:
        lines.append(
            f"{len(earlier)} more over earlier states of the case: "
            + ", ".join(f"SHA256:{one.fingerprint[:16]}… ({one.signed_at})" for one in earlier[:10])
        )
    return lines


def _signer(one: Signed) -> str:
    name = f", {one.name!r} by the word of keys.yaml" if one.name is not None else ""
    trust = "the key that you trust" if one.trusted else "a key that nothing here vouches for"
    return f"Signed by SHA256:{one.fingerprint} ({trust}{name}), at {one.signed_at} by its own clock; {_stamp(one)}."


def _stamp(one: Signed) -> str:
    if one.stamp_fault is not None:
        return "its time stamp does not hold"
    if one.stamp is None:
        return NO_STAMP
    if one.stamp.doubt is not None:
        return (
            f"a time stamp says {one.stamp.at:%Y-%m-%d %H:%M:%SZ}, by {one.stamp.authority}, but {one.stamp.doubt} "
            "(--tsa-certificate names one)"
        )
    return f"stamped {one.stamp.at:%Y-%m-%d %H:%M:%SZ} by {one.stamp.authority}"
