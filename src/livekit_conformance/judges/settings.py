"""
Codes of what is wrong with the profile, and with the variables and the file that it reads.
"""

from __future__ import annotations

from typing import Final

from livekit_conformance.findings import Code
from livekit_conformance.wording import Text

# A variable is not in the environment, or the env file has another value. Data of both: variable.
ONLY_IN_ENV_FILE: Final = Code("variable.only-in-env-file")
DIFFERS: Final = Code("variable.differs-in-env-file")
# Data: variable, oddities (words in each language).
LOOKS_WRONG: Final = Code("variable.looks-wrong")
# Data of both: path; of the second also mode.
TAKEN_BY_GIT: Final = Code("env-file.taken-by-git")
OPEN_TO_OTHERS: Final = Code("env-file.open-to-others")
# Data: keys of the profile, and the variables that should set them.
INCOMPLETE: Final = Code("profile.incomplete")
# The keys of livekit-server are not in livekit.yaml. No data.
KEYS_ELSEWHERE: Final = Code("config.keys-elsewhere")
SHOW_KEYS: Final = Text(
    en="Compare `webhook.api_key` with those keys by hand, or put `keys` into the file",
    ru="Сверьте `webhook.api_key` с этими ключами вручную или запишите `keys` в файл",
)
