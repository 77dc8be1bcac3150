"""The process's own AWS credentials."""

from __future__ import annotations

import os
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    LoginError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import ConnectionError as NotConnectedError

from adapters.sdk import new_session
from application.aws_errors import AwsUnavailable, CredentialsMissing, ProfileUnknown, SignInEnded
from application.credentials import AccessKey


class OwnKeys:
    """Looks where every AWS tool looks: environment, profile, SSO, container and instance roles.

    What is found is kept, and refreshes itself before it runs out.
    """

    def __init__(self) -> None:
        self._found: dict[str | None, Any] = {}

    async def key(self, profile: str | None = None) -> AccessKey:
        """Return the key of a profile of the AWS configuration files; None: whatever the environment says.

        Raises:
            ProfileUnknown: The files have no such profile.
            AwsUnavailable: What gives out temporary credentials could not be reached.
            SignInEnded: It is one of AWS SSO, and nobody is signed in any more.
            CredentialsMissing: There are none, or those that are configured cannot be had.
        """
        try:
            found = self._found.get(profile) or await new_session(profile).get_credentials()
            frozen = await found.get_frozen_credentials() if found else None
        except ProfileNotFound as exc:
            raise ProfileUnknown from exc
        except (SSOError, TokenRetrievalError) as exc:
            raise SignInEnded("aws sso login") from exc
        except LoginError as exc:
            raise SignInEnded("aws login") from exc
        except (NotConnectedError, HTTPClientError) as exc:
            raise AwsUnavailable("AWS could not be reached for credentials.") from exc
        except (BotoCoreError, ClientError) as exc:
            raise CredentialsMissing(str(exc)) from exc
        if frozen is None or not frozen.access_key or not frozen.secret_key:
            raise CredentialsMissing
        self._found[profile] = found
        # In the files a token may be there and blank; boto3 takes that for none too.
        return AccessKey(frozen.access_key, frozen.secret_key, frozen.token or None)


def profiles() -> list[str]:
    """The names in this machine's AWS configuration files; none when they cannot be read."""
    try:
        return sorted(new_session().available_profiles)
    except BotoCoreError:
        return []


def names_region(profile: str | None) -> bool:
    """Whether the environment or the profile names a region."""
    try:
        return bool(os.environ.get("AWS_REGION") or new_session(profile).get_config_variable("region"))
    except BotoCoreError:
        return True
