"""Click in Chinese and English: every text of a command stands in both languages.

The language follows `--lang`, then `CERTLIB_LANG`, then the locale (LC_ALL, LC_MESSAGES, LANG).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import click

LOCALE_VARIABLES = ["CERTLIB_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
"""Where the language is looked for, first match first."""


class Language(StrEnum):
    """The two languages of this program."""

    ZH = "zh"
    EN = "en"

    def pick(self, zh: str, en: str) -> str:
        """The text of this language."""
        return zh if self is Language.ZH else en


def language_from(locale: str | None) -> Language:
    """The language behind `zh`, `zh_CN.UTF-8`, `en_GB`, `C`: whatever is not Chinese is English."""
    return Language.ZH if (locale or "").lower().startswith("zh") else Language.EN


_CHOSEN = "api.cli.language"


def choose(context: click.Context, chosen: Language | None) -> Language:
    """Keeps the language that `--lang` names; a command without it speaks as its group does."""
    if chosen is not None:
        context.meta[_CHOSEN] = chosen
    return language_of(context)


def language_of(context: click.Context) -> Language:
    """The language of this call, also before the options are read (help is asked for early)."""
    chosen = context.meta.get(_CHOSEN)
    if isinstance(chosen, Language):
        return chosen
    root = context.find_root()
    options = (item for item in root.command.params if item.name == "lang")
    found = next((item.value_from_envvar(root) for item in options), None)
    return language_from(found if isinstance(found, str) else None)


class Option(click.Option):
    """An option whose help is written in both languages."""

    def __init__(self, *declarations: Any, zh: str, en: str, **more: Any) -> None:
        more["help"] = en
        super().__init__(*declarations, **more)
        self._zh, self._en = zh, en

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The line of the help page, in the language of the call."""
        record = super().get_help_record(ctx)
        if record is None or language_of(ctx) is Language.EN:
            return record
        return record[0], record[1].replace(self._en, self._zh, 1)


_HELP = ("-h", "--help")
_SAID_BY_CLICK = {
    "Show this message and exit.": "显示本说明后退出。",
    "Show the version and exit.": "显示版本后退出。",
    "[default: ": "[默认：",
    "[required]": "[必填]",
    "; required]": "；必填]",
}


class _BothHelps(click.Command):
    """What commands and groups share: a text of help in each language."""

    zh: str
    en: str

    def text(self, context: click.Context) -> str:
        return language_of(context).pick(self.zh, self.en)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads `--lang` before help is shown, wherever in the line both stand."""
        return super().parse_args(ctx, _language_first(args))

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the line of usage."""
        pieces = " ".join(self.collect_usage_pieces(ctx))
        prefix = language_of(ctx).pick("用法：", "Usage: ")
        formatter.write_usage(ctx.command_path, pieces, prefix)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the options."""
        language = language_of(ctx)
        options = [item for item in self.get_params(ctx) if isinstance(item, click.Option)]
        rows = [
            (name, language.pick(_in_chinese(text), text))
            for name, text in filter(None, [item.get_help_record(ctx) for item in options])
        ]
        with formatter.section(language.pick("选项", "Options")):
            formatter.write_dl(rows)


def _in_chinese(text: str) -> str:
    """What click itself says in a line of help."""
    for english, chinese in _SAID_BY_CLICK.items():
        text = text.replace(english, chinese)
    return text


def _language_first(args: list[str]) -> list[str]:
    """The arguments with `--lang` in front where help is asked for: click reads both in order."""
    if not set(args) & set(_HELP) or "--lang" not in args[:-1]:
        return args
    place = args.index("--lang")
    return [*args[place : place + 2], *args[:place], *args[place + 2 :]]


def _text(command: click.Command | None, context: click.Context) -> str:
    return command.text(context) if isinstance(command, Command) else ""


class Command(_BothHelps):
    """A command whose help is written in both languages."""

    def __init__(self, *arguments: Any, zh: str, en: str, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.zh, self.en = zh, en

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the help in the language of the call."""
        self.help = self.text(ctx)
        super().format_help_text(ctx, formatter)


class Group(_BothHelps, click.Group):
    """A group whose help is written in both languages."""

    def __init__(self, *arguments: Any, zh: str, en: str, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.zh, self.en = zh, en

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the help in the language of the call."""
        self.help = self.text(ctx)
        super().format_help_text(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists options and commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands in the language of the call."""
        names = self.list_commands(ctx)
        rows = [(name, _text(self.get_command(ctx, name), ctx)) for name in names]
        with formatter.section(language_of(ctx).pick("命令", "Commands")):
            formatter.write_dl(rows)


class LazyGroup(Group):
    """A group that imports a command only when it is asked for: `identifier` needs no server.

    Args:
        loaders: command name → (function that loads it, its short help in both languages).
    """

    def __init__(
        self,
        *arguments: Any,
        loaders: dict[str, tuple[Callable[[], click.Command], tuple[str, str]]],
        **more: Any,
    ) -> None:
        super().__init__(*arguments, **more)
        self._loaders = loaders

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every name, in the order of a certificate's life."""
        del ctx
        return list(self._loaders)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        del ctx
        loader = self._loaders.get(cmd_name)
        return None if loader is None else loader[0]()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Lists the commands without importing any."""
        language = language_of(ctx)
        rows = [(name, language.pick(*texts)) for name, (_, texts) in self._loaders.items()]
        with formatter.section(language.pick("命令", "Commands")):
            formatter.write_dl(rows)
