"""Judging a case: every judge in its turn, over the document of all sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

from phonehome.documents import audit as doc
from phonehome.documents.judgement import JudgementDoc
from phonehome.judge import claims as claim_judge
from phonehome.judge import policy as policy_judge
from phonehome.judge.factors import find_causes
from phonehome.judge.latency import measure
from phonehome.judge.matrix import make_matrix
from phonehome.judge.proposals import propose
from phonehome.judge.residency import judge_residency, moves_of
from phonehome.judge.units import match
from phonehome.model.policy import Policy, ResidencyStatement, Unit
from phonehome.rules.claim import CheckedClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """What people want a case to be judged by.

    Attributes:
        claims: What anybody said, with its rules checked.
        residency: Where the parties say that data lives.
        policy: An organisation's rules, with what it holds on residency; None to decide nothing.
        units: The organisation's handsets.
    """

    claims: Sequence[CheckedClaim] = ()
    residency: Sequence[ResidencyStatement] = ()
    policy: Policy | None = None
    units: Sequence[Unit] = ()


def judge_case(document: doc.AuditDocument, rulings: Rulings) -> doc.AuditDocument:
    """Give the document of a case with what was judged over its sessions.

    Claims and policy see the severities of the table; only what people read gets those of the policy.
    """
    assert document.case is not None
    policy = rulings.policy
    statements = (*rulings.residency, *(policy.residency if policy is not None else ()))
    latency, changes = measure(document, moves_of(statements))
    decisions = policy_judge.decide(policy, document) if policy is not None else []
    judgement = JudgementDoc(
        causes=find_causes(document),
        proposals=propose(document),
        matrix=make_matrix(document),
        verdicts=claim_judge.decide(rulings.claims, document, latency_changes=changes),
        residency=judge_residency(statements, document),
        latency=latency,
        latency_changes=changes,
        policy=policy.title if policy is not None else None,
        decisions=decisions,
        units=match(rulings.units, decisions, document),
    )
    judged = document.model_copy(update={"case": document.case.model_copy(update={"judgement": judgement})})
    return policy_judge.override_severities(policy, judged) if policy is not None else judged
