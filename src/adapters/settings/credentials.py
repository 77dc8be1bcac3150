"""AWS access keys as people fill them in, looked at before AWS is asked. No value appears in an error."""

from __future__ import annotations

import re

from adapters.settings.text import cleaned, unquoted

KEY_ID, SECRET = "aws_access_key_id", "aws_secret_access_key"  # the fields' names

PLACEHOLDER = re.compile(
    r"(?:key|secret|<.*>|your[-_ ].*|aws_(?:secret_)?access_key(?:_id)?)?", re.IGNORECASE
)
KEY_FORM = "an access key begins with AKIA and has 20 characters"
CREDENTIAL = re.compile(r"[!-~]{1,256}")
LOOKS_LIKE_KEY_ID = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{12,}", re.ASCII)
LOOKS_LIKE_SECRET = re.compile(r"[A-Za-z0-9+/]{40}", re.ASCII)
ACCOUNT_ID = re.compile(r"\d{12}|\d{4}-\d{4}-\d{4}", re.ASCII)
MASKED = re.compile(r"[*•●·xX.…]{4,}|.{0,8}[*•●]{4,}.{0,8}", re.DOTALL)


def credential_text(text: str) -> str:
    """What was typed, without what cannot be seen and without quotation marks around it."""
    return unquoted(cleaned(text))


def key_problems(key_id: str, secret: str) -> list[str]:
    """What cannot be right about a key and its secret: a whole sentence each; empty when AWS may be asked."""
    if LOOKS_LIKE_SECRET.fullmatch(key_id) and LOOKS_LIKE_KEY_ID.fullmatch(secret):
        return [f"{KEY_ID} and {SECRET} are swapped: exchange them. Neither was sent to AWS."]
    return [problem for problem in (_key_id_problem(key_id), _secret_problem(secret)) if problem]


def _key_id_problem(text: str) -> str:
    if problem := _problem_of_both(KEY_ID, text):
        return problem
    if ACCOUNT_ID.fullmatch(text):
        return f"{KEY_ID} is an account number: {KEY_FORM}."
    if LOOKS_LIKE_SECRET.fullmatch(text) and not LOOKS_LIKE_KEY_ID.fullmatch(text):
        return f"{KEY_ID} holds what looks like a secret key: {KEY_FORM}."
    if text.startswith("ASIA"):
        return (
            f"{KEY_ID} is a temporary key (ASIA…), which stops working within hours: "
            "use the access key of an IAM user (AKIA…), or a role."
        )
    if LOOKS_LIKE_KEY_ID.fullmatch(text.upper()) and text != text.upper():
        return f"{KEY_ID} holds small letters: {KEY_FORM}, capital letters and digits."
    return ""


def _secret_problem(text: str) -> str:
    if problem := _problem_of_both(SECRET, text):
        return problem
    if LOOKS_LIKE_KEY_ID.fullmatch(text):
        return f"{SECRET} holds an access key (AKIA…): its secret is the other value that IAM showed with it."
    return ""


def _problem_of_both(label: str, text: str) -> str:
    if PLACEHOLDER.fullmatch(text):
        return f"{label} is not filled in: type the value that IAM showed for your access key."
    if MASKED.fullmatch(text):
        return f"{label} holds asterisks or dots that stand for a key: type the key itself."
    if text.lower().startswith("arn:"):
        where = "a role's belongs into aws_role_arn" if ":role/" in text else KEY_FORM
        return f"{label} holds a name (ARN), not a key: {where}."
    if not CREDENTIAL.fullmatch(text):
        return f"{label} holds spaces or characters that no AWS key has: copy it from IAM again."
    return ""
