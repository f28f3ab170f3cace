"""
Profile and its variables: the file, the source of each value, and values that look wrong.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from livekit_conformance.catalogue.chain import Link
from livekit_conformance.catalogue.clause import Need
from livekit_conformance.catalogue.clauses import CLAUSES
from livekit_conformance.catalogue.text import Text
from livekit_conformance.doctor.env_file import judge_env_file
from livekit_conformance.doctor.findings import LinkFinding, not_checked, ok, problem, warning
from livekit_conformance.environments import yaml_document
from livekit_conformance.environments.addresses import is_loopback
from livekit_conformance.environments.completeness import gaps
from livekit_conformance.environments.env_file import read_env_file
from livekit_conformance.environments.loader import Loaded, expanded, find
from livekit_conformance.environments.needs import ACCOUNT, is_given, keys_of
from livekit_conformance.environments.problem_words import WORDS
from livekit_conformance.environments.problems import ProfileError
from livekit_conformance.environments.profile import Profile
from livekit_conformance.environments.proxies import proxies_in
from livekit_conformance.environments.variable_checks import (
    DEPLOYMENT_VARIABLES,
    Oddity,
    SchemeMisfit,
)
from livekit_conformance.environments.variables import MISSING, Origin, Variables

_AGAIN = Text(
    en="Set it again, without quotes and blanks: {how}",
    ru="Задайте её заново, без кавычек и пробелов: {how}",
)
_SWAP = Text(
    en="Give `LIVEKIT_API_KEY` and `LIVEKIT_API_SECRET` each its own value: the key begins with "
    "`API`",
    ru="Дайте `LIVEKIT_API_KEY` и `LIVEKIT_API_SECRET` каждому своё значение: ключ начинается с "
    "`API`",
)
_OTHER = Text(
    en="It has the value of another variable; give it its own: {how}",
    ru="В ней значение другой переменной; задайте своё: {how}",
)
# Remedy for each flaw in the value of a variable, by its code.
_REMEDIES: Mapping[str, Text] = MappingProxyType(
    {
        "oddity.control-characters": _AGAIN,
        "oddity.white-space": _AGAIN,
        "oddity.carriage-return": Text(
            en="Change the line ends of the file it comes from (`sed -i 's/\\r$//' FILE`) and "
            "set it again",
            ru="Замените концы строк в файле, откуда она взята (`sed -i 's/\\r$//' FILE`), и "
            "задайте её заново",
        ),
        "oddity.quotes": _AGAIN,
        "oddity.placeholder": Text(
            en="Set the real value: {how}", ru="Задайте настоящее значение: {how}"
        ),
        "oddity.url": _OTHER,
        "oddity.telephone": _OTHER,
        "oddity.address": _OTHER,
        "oddity.number": _OTHER,
        "oddity.no-port": _OTHER,
        "oddity.more-than-host": Text(
            en="Write the host name alone into it", ru="Оставьте в ней только имя хоста"
        ),
        "oddity.like-a-key": _SWAP,
        "oddity.unlike-a-key": _SWAP,
        "oddity.same": _SWAP,
        "oddity.scheme": Text(
            en="Correct the scheme or the port: https and wss have 443, http and ws 80",
            ru="Исправьте схему или порт: у https и wss это 443, у http и ws — 80",
        ),
    }
)
_FROM: Mapping[Origin, Text] = MappingProxyType(
    {
        "environment": Text(en="from the environment", ru="из окружения"),
        ".env": Text(en="from `{file}`", ru="из `{file}`"),
        "missing": Text(en="is missing", ru="не задана"),
    }
)

_HOW: Mapping[Origin, Text] = MappingProxyType(
    {
        "environment": Text(en="`export {name}=...`", ru="`export {name}=...`"),
        ".env": Text(en="`{name}=...` in `{file}`", ru="`{name}=...` в файле `{file}`"),
    }
)


def judge_loaded(loaded: Loaded, env_file: Path | None) -> Iterator[LinkFinding]:
    """
    Yield the findings of a usable profile: its file, the source of its variables, odd values.
    """
    yield ok(
        Link.CONFIGURATION,
        Text(
            en=f"profile `{loaded.path}` loads (kind {loaded.profile.kind})",
            ru=f"профиль `{loaded.path}` читается (kind {loaded.profile.kind})",
        ),
    )
    if proxies := proxies_in(os.environ):
        names = ", ".join(proxies)
        yield ok(
            Link.CONFIGURATION,
            Text(
                en=f"{names}: not used, because the suite connects to every service directly",
                ru=f"{names}: не используется, потому что тесты соединяются с сервисами напрямую",
            ),
        )
    if loaded.env_file and loaded.origins:
        rest = _not_among(loaded.meant, loaded.misspelt)
        yield from judge_env_file(loaded.env_file, loaded.origins, rest)
    found = gaps(loaded.profile, loaded, CLAUSES)
    yield from judge_variables(
        loaded.origins,
        loaded.oddities,
        {name: gap.beside for gap in found for name in gap.variables},
        env_file or Path(".env"),
        differing=loaded.differing,
        misspelt=loaded.meant,
        unset=[name for absent in loaded.left_out.values() for name in absent.unset],
        is_live=loaded.profile.kind == "live",
    )
    yield from _in_part(loaded.profile)


def judge_unusable(
    path: Path | None, error: ProfileError, environ: Mapping[str, str], env_file: Path | None
) -> Iterator[LinkFinding]:
    """
    Yield the findings of an unusable profile: all its problems, and its variables as far as known.
    """
    variables = _variables(path, environ, env_file)
    empty = _really_empty(variables)
    blamed = {key for name in {*variables.odd(), *empty} for key in variables.uses[name]}
    for each in error.problems:
        # Findings about the variables themselves follow below.
        if each.what.code == MISSING or each.key in blamed:
            continue
        yield problem(
            Link.CONFIGURATION,
            Text(en=each.say("en"), ru=each.say("ru")),
            Text(
                en="Correct this first: nothing else can be checked until then",
                ru="Исправьте это: до тех пор остальное проверить нельзя",
            ),
        )
    if not variables.origins:
        return
    missing = [name for name, origin in variables.origins.items() if origin == "missing"]
    misspelt = {name: near for name in missing if (near := variables.misspelling_of(name))}
    if variables.file:
        rest = _not_among(misspelt, variables.misspelt())
        yield from judge_env_file(variables.file, variables.origins, rest)
    yield from judge_variables(
        variables.origins,
        variables.odd(),
        dict.fromkeys(empty, ()),
        env_file or Path(".env"),
        differing=variables.differing(),
        misspelt=misspelt,
        unset=variables.unset(),
    )


def _not_among(
    meant: Mapping[str, tuple[str, Origin]], misspelt: Mapping[str, str]
) -> dict[str, str]:
    """
    Return the misspelt names of the env file that are not reported beside the variable they mean.
    """
    reported = {near for near, _ in meant.values()}
    return {name: wanted for name, wanted in misspelt.items() if name not in reported}


def _variables(path: Path | None, environ: Mapping[str, str], env_file: Path | None) -> Variables:
    """
    Return the variables of a profile, as far as it can be read; read errors are among its problems.
    """
    variables = Variables(environ, None)
    if path is not None:
        with suppress(ProfileError):
            document = yaml_document.read(path)
            variables = Variables(environ, read_env_file(env_file) if env_file else None)
            expanded(document.data, (), variables)
    return variables


def path_of(env: str, config_dir: Path) -> Path | None:
    """
    Return the profile file of an environment; None when there is none.
    """
    try:
        return find(env, config_dir=config_dir)
    except ProfileError:
        return None


def judge_variables(
    origins: Mapping[str, Origin],
    oddities: Mapping[str, tuple[Oddity | SchemeMisfit, ...]],
    needed: Mapping[str, tuple[str, ...]],
    env_file: Path,
    *,
    differing: Collection[str] = (),
    misspelt: Mapping[str, tuple[str, Origin]] = MappingProxyType({}),
    unset: Collection[str] = (),
    is_live: bool = True,
) -> Iterator[LinkFinding]:
    """
    Yield one line for each variable that the profile uses, the nine of a deployment first.

    `needed` are the variables without a value that something needs, each with the values that are
    given beside it; `unset` are optional ones without a value. `differing` have another value in
    the env file; `misspelt` maps missing ones to the name that may be meant.
    """
    asked = [
        *(n for n in DEPLOYMENT_VARIABLES if n in origins),
        *sorted(set(origins) - set(DEPLOYMENT_VARIABLES)),
    ]
    choice = set(unset).difference(needed, differing, misspelt)
    hollow = {*needed, *unset}
    for name in (name for name in asked if name not in choice):
        if name in misspelt:
            yield _misspelt(name, *misspelt[name], env_file)
        elif origins[name] == "missing":
            yield _missing(name, env_file, needed.get(name, ()))
        elif name in hollow:
            hides = name in differing
            yield _empty(name, origins[name], env_file, needed.get(name, ()), hides=hides)
        else:
            yield from _valued(name, origins[name], oddities.get(name, ()), env_file, differing)
    if only := [name for name in asked if origins[name] == ".env"]:
        yield _only_in_file(only, env_file)
    rest = [name for name in DEPLOYMENT_VARIABLES if name not in origins]
    if left := [name for name in asked if name in choice]:
        yield _not_set(left, env_file)
    if rest and is_live:
        names = ", ".join(f"`{name}`" for name in rest)
        yield not_checked(
            Link.CONFIGURATION,
            Text(
                en=f"this profile does not use {names}",
                ru=f"этот профиль не использует {names}",
            ),
        )


def _valued(
    name: str,
    origin: Origin,
    oddities: Sequence[Oddity | SchemeMisfit],
    env_file: Path,
    differing: Collection[str],
) -> Iterator[LinkFinding]:
    for oddity in oddities:
        yield _odd(name, oddity, origin, env_file)
    if not oddities:
        yield _differing(name, env_file) if name in differing else _set(name, origin, env_file)


def _not_set(names: Iterable[str], env_file: Path) -> LinkFinding:
    listed = ", ".join(f"`{name}`" for name in names)
    return not_checked(
        Link.CONFIGURATION,
        Text(
            en=f"not set: {listed}; checks that need them are skipped",
            ru=f"не заданы: {listed}; проверки, которым они нужны, пропускаются",
        ),
        Text(
            en=f"To check more, set them in the environment or in `{env_file}`",
            ru=f"Чтобы проверить больше, задайте их в окружении или в `{env_file}`",
        ),
    )


def _although(beside: Iterable[str]) -> tuple[str, str]:
    """
    Return the values given beside an empty variable, as a clause in English and in Russian.
    """
    others = ", ".join(f"`{other}`" for other in beside)
    return (f", although {others} is given", f", хотя {others} есть") if others else ("", "")


def _missing(name: str, env_file: Path, beside: Iterable[str]) -> LinkFinding:
    although, although_ru = _although(beside)
    return problem(
        Link.CONFIGURATION,
        Text(
            en=f"variable `{name}` is missing{although}",
            ru=f"переменная `{name}` не задана{although_ru}",
        ),
        Text(
            en=f"Set it: `export {name}=...`, or add the line `{name}=...` to `{env_file}`",
            ru=f"Задайте её: `export {name}=...` или строкой `{name}=...` в файле `{env_file}`",
        ),
    )


def _misspelt(name: str, near: str, origin: Origin, env_file: Path) -> LinkFinding:
    where = _FROM[origin]
    return problem(
        Link.CONFIGURATION,
        Text(
            en=f"variable `{name}` is missing; did you mean `{near}` "
            f"({where.say('en', file=env_file)})?",
            ru=f"переменная `{name}` не задана; может быть, это `{near}` "
            f"({where.say('ru', file=env_file)})?",
        ),
        Text(
            en=f"Correct the name to `{name}`, or set that variable too",
            ru=f"Исправьте имя на `{name}` или задайте и эту переменную",
        ),
    )


def _differing(name: str, env_file: Path) -> LinkFinding:
    return warning(
        Link.CONFIGURATION,
        Text(
            en=f"variable `{name}`: from the environment; `{env_file}` has another value, which "
            "is ignored",
            ru=f"переменная `{name}`: из окружения; в `{env_file}` другое значение, и оно не "
            "используется",
        ),
        Text(
            en="Set the same value in both, or remove one: a program that reads only the file uses "
            "another deployment than the one you test",
            ru="Запишите в обоих местах одно значение или уберите одно из них: программа, "
            "которая читает только файл, работает не с той системой, которую вы проверяете",
        ),
    )


def _empty(
    name: str, origin: Origin, env_file: Path, beside: Iterable[str], *, hides: bool
) -> LinkFinding:
    if hides:
        return problem(
            Link.CONFIGURATION,
            Text(
                en=f"variable `{name}` is empty in the environment, which hides its value in "
                f"`{env_file}`",
                ru=f"переменная `{name}` пуста в окружении, и это скрывает её значение в "
                f"`{env_file}`",
            ),
            Text(en=f"`unset {name}`, or give it a value", ru=f"`unset {name}` или задайте её"),
        )
    although, although_ru = _although(beside)
    return problem(
        Link.CONFIGURATION,
        Text(
            en=f"variable `{name}` ({_from(origin, env_file).en}) is empty{although}",
            ru=f"переменная `{name}` ({_from(origin, env_file).ru}) пуста{although_ru}",
        ),
        _filled(Text(en="Give it a value: {how}", ru="Задайте её: {how}"), name, origin, env_file),
    )


def _odd(name: str, odd: Oddity | SchemeMisfit, origin: Origin, env_file: Path) -> LinkFinding:
    return problem(
        Link.CONFIGURATION,
        Text(
            en=f"variable `{name}` ({_from(origin, env_file).en}) {odd.what.say(WORDS, 'en')}",
            ru=f"переменная `{name}` ({_from(origin, env_file).ru}) {odd.what.say(WORDS, 'ru')}",
        ),
        _filled(_REMEDIES[odd.what.code], name, origin, env_file),
    )


def _filled(remedy: Text, name: str, origin: Origin, env_file: Path) -> Text:
    """
    Return the remedy, completed with the instruction for the place where the variable is set.
    """
    how = _HOW[origin]
    return Text(
        en=remedy.say("en", how=how.say("en", name=name, file=env_file)),
        ru=remedy.say("ru", how=how.say("ru", name=name, file=env_file)),
    )


def _set(name: str, origin: Origin, env_file: Path) -> LinkFinding:
    return ok(
        Link.CONFIGURATION,
        Text(
            en=f"variable `{name}`: {_from(origin, env_file).en}",
            ru=f"переменная `{name}`: {_from(origin, env_file).ru}",
        ),
    )


def _only_in_file(names: Iterable[str], env_file: Path) -> LinkFinding:
    listed = ", ".join(f"`{name}`" for name in names)
    return warning(
        Link.CONFIGURATION,
        Text(
            en=f"only `{env_file}` sets {listed}, not the environment",
            ru=f"заданы только в `{env_file}`, а не в окружении: {listed}",
        ),
        Text(
            en="Services and scheduled runs do not read that file: set them in their environment "
            "too",
            ru="Сервисы и запуски по расписанию этот файл не читают: задайте их и в их окружении",
        ),
    )


def _from(origin: Origin, env_file: Path) -> Text:
    where = _FROM[origin]
    return Text(en=where.say("en", file=env_file), ru=where.say("ru", file=env_file))


def _really_empty(variables: Variables) -> set[str]:
    """
    Return the variables that are set to nothing, except for an account that is left out.
    """
    empty = variables.empty()
    account = {name for name, keys in empty.items() if set(ACCOUNT).intersection(keys)}
    return set(empty) - (account if len(account) == len(ACCOUNT) else set())


def _in_part(profile: Profile) -> Iterator[LinkFinding]:
    """
    Yield settings of one part of the profile that do not fit another.
    """
    outbound = keys_of(Need.OUTBOUND)
    lacking = [key for key in outbound if not is_given(profile, key)]
    if 0 < len(lacking) < len(outbound):
        keys = ", ".join(f"`{key}`" for key in lacking)
        yield problem(
            Link.CONFIGURATION,
            Text(en=f"`sip.outbound` lacks {keys}", ru=f"в `sip.outbound` не хватает {keys}"),
            Text(
                en="Add them to the profile, or remove the whole section",
                ru="Допишите их в профиль или уберите раздел целиком",
            ),
        )
    endpoint, server = _host(profile.webhook.url), _host(profile.livekit.url)
    if endpoint and server and is_loopback(endpoint) and not is_loopback(server):
        yield warning(
            Link.CONFIGURATION,
            Text(
                en=f"`webhook.url` points to `{endpoint}`: for livekit-server that is another "
                "machine than for the suite",
                ru=f"`webhook.url` указывает на `{endpoint}`, а для livekit-server это не та "
                "машина, на которой идут тесты",
            ),
            Text(
                en="Use the host name at which livekit-server reaches the application, in "
                "`webhook.urls` of livekit.yaml too",
                ru="Укажите имя, по которому приложение доступно из livekit-server, и в "
                "`webhook.urls` в livekit.yaml тоже",
            ),
        )


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
