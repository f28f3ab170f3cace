"""
Codes of what is wrong with rooms and their participants.
"""

from __future__ import annotations

from typing import Final

from livekit_conformance.findings import Code

# The room of a call. Data of both: room; of the first also pattern, call_id.
OTHER_NAME: Final = Code("room.other-name")
NOT_FORETOLD: Final = Code("room.not-foretold")
# Data: asked, created, listed.
NAME_CHANGED: Final = Code("room.name-changed")
# Data: size in bytes, answer.
LONG_NAME_NOT_REFUSED: Final = Code("room.long-name-not-refused")
# Data: first and again, the sids.
MADE_AGAIN: Final = Code("room.made-again")
# Data: lost, names of settings.
SETTINGS_LOST: Final = Code("room.settings-lost")
# Data: is_listed, and again, the answer to the second DeleteRoom.
NOT_DELETED: Final = Code("room.not-deleted")
# Other connections list other rooms. Data: room, the sid.
NOT_SHARED: Final = Code("room.not-seen-everywhere")
# A participant could not join. Data: detail.
NOT_JOINED: Final = Code("participant.not-joined")
