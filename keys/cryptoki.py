"""PKCS#11 2.40 (Cryptoki) through ctypes: the calls that this library makes, and no others.

Names are those of the standard. Every call releases the interpreter's lock while the token works.
A module is told at C_Initialize that several threads will call it (section 5.4).
"""

import ctypes
from collections.abc import Mapping, Sequence
from ctypes import POINTER, Structure, byref, c_char, c_ubyte, c_ulong, c_void_p
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, ClassVar, Final

__all__ = [
    "Attribute",
    "Cryptoki",
    "Mechanism",
    "ObjectClass",
    "Output",
    "TokenError",
    "attributes",
]

_OK: Final = 0
_FUNCTIONS: Final = 68
_UNAVAILABLE: Final = c_ulong(-1).value
_OS_LOCKING: Final = 2  # CKF_OS_LOCKING_OK
_SERIAL: Final = 4  # CKF_SERIAL_SESSION
_READ_WRITE: Final = 2  # CKF_RW_SESSION
_SIGN: Final = 0x800  # CKF_SIGN
_USER: Final = 1  # CKU_USER
_MOST_FOUND: Final = 8
_LARGEST: Final = 1024


class ObjectClass(IntEnum):
    """CK_OBJECT_CLASS."""

    PUBLIC_KEY = 2
    PRIVATE_KEY = 3


class Attribute(IntEnum):
    """CK_ATTRIBUTE_TYPE."""

    CLASS = 0x000
    TOKEN = 0x001
    PRIVATE = 0x002
    LABEL = 0x003
    KEY_TYPE = 0x100
    ID = 0x102
    SENSITIVE = 0x103
    SIGN = 0x108
    VERIFY = 0x10A
    MODULUS = 0x120
    MODULUS_BITS = 0x121
    PUBLIC_EXPONENT = 0x122
    EXTRACTABLE = 0x162
    EC_PARAMS = 0x180
    EC_POINT = 0x181


class Mechanism(IntEnum):
    """CK_MECHANISM_TYPE."""

    RSA_PKCS_KEY_PAIR_GEN = 0x0000
    RSA_PKCS = 0x0001
    SHA256_RSA_PKCS = 0x0040
    EC_KEY_PAIR_GEN = 0x1040
    ECDSA = 0x1041
    ECDSA_SHA256 = 0x1044


class _TokenFlag(IntFlag):
    INITIALIZED = 0x400


_RETURN_VALUES: Final[Mapping[int, str]] = {
    0x002: "CKR_HOST_MEMORY",
    0x003: "CKR_SLOT_ID_INVALID",
    0x005: "CKR_GENERAL_ERROR",
    0x006: "CKR_FUNCTION_FAILED",
    0x007: "CKR_ARGUMENTS_BAD",
    0x00A: "CKR_CANT_LOCK",
    0x010: "CKR_ATTRIBUTE_READ_ONLY",
    0x011: "CKR_ATTRIBUTE_SENSITIVE",
    0x012: "CKR_ATTRIBUTE_TYPE_INVALID",
    0x013: "CKR_ATTRIBUTE_VALUE_INVALID",
    0x020: "CKR_DATA_INVALID",
    0x021: "CKR_DATA_LEN_RANGE",
    0x030: "CKR_DEVICE_ERROR",
    0x031: "CKR_DEVICE_MEMORY",
    0x032: "CKR_DEVICE_REMOVED",
    0x050: "CKR_FUNCTION_CANCELED",
    0x054: "CKR_FUNCTION_NOT_SUPPORTED",
    0x060: "CKR_KEY_HANDLE_INVALID",
    0x062: "CKR_KEY_SIZE_RANGE",
    0x063: "CKR_KEY_TYPE_INCONSISTENT",
    0x068: "CKR_KEY_FUNCTION_NOT_PERMITTED",
    0x070: "CKR_MECHANISM_INVALID",
    0x071: "CKR_MECHANISM_PARAM_INVALID",
    0x082: "CKR_OBJECT_HANDLE_INVALID",
    0x090: "CKR_OPERATION_ACTIVE",
    0x091: "CKR_OPERATION_NOT_INITIALIZED",
    0x0A0: "CKR_PIN_INCORRECT",
    0x0A1: "CKR_PIN_INVALID",
    0x0A2: "CKR_PIN_LEN_RANGE",
    0x0A3: "CKR_PIN_EXPIRED",
    0x0A4: "CKR_PIN_LOCKED",
    0x0B0: "CKR_SESSION_CLOSED",
    0x0B1: "CKR_SESSION_COUNT",
    0x0B3: "CKR_SESSION_HANDLE_INVALID",
    0x0B5: "CKR_SESSION_READ_ONLY",
    0x0E0: "CKR_TOKEN_NOT_PRESENT",
    0x0E1: "CKR_TOKEN_NOT_RECOGNIZED",
    0x0E2: "CKR_TOKEN_WRITE_PROTECTED",
    0x100: "CKR_USER_ALREADY_LOGGED_IN",
    0x101: "CKR_USER_NOT_LOGGED_IN",
    0x102: "CKR_USER_PIN_NOT_INITIALIZED",
    0x103: "CKR_USER_TYPE_INVALID",
    0x104: "CKR_USER_ANOTHER_ALREADY_LOGGED_IN",
    0x150: "CKR_BUFFER_TOO_SMALL",
    0x190: "CKR_CRYPTOKI_NOT_INITIALIZED",
    0x191: "CKR_CRYPTOKI_ALREADY_INITIALIZED",
}


class TokenError(Exception):
    """A call that did not answer CKR_OK.

    Attributes:
        name: the return value as the standard calls it, `CKR_…`; safe to log.
    """

    def __init__(self, code: int) -> None:
        self.name = _RETURN_VALUES.get(code, f"CKR_0x{code:08X}")
        super().__init__(self.name)


class _Version(Structure):
    _fields_: ClassVar[Any] = [("major", c_ubyte), ("minor", c_ubyte)]


class _FunctionList(Structure):
    _fields_: ClassVar[Any] = [("version", _Version), ("functions", c_void_p * _FUNCTIONS)]


class _InitializeArguments(Structure):
    _fields_: ClassVar[Any] = [
        ("mutexes", c_void_p * 4),
        ("flags", c_ulong),
        ("reserved", c_void_p),
    ]


class _Mechanism(Structure):
    _fields_: ClassVar[Any] = [
        ("mechanism", c_ulong),
        ("parameter", c_void_p),
        ("length", c_ulong),
    ]


class _MechanismInfo(Structure):
    _fields_: ClassVar[Any] = [("least", c_ulong), ("most", c_ulong), ("flags", c_ulong)]


class _Attribute(Structure):
    _fields_: ClassVar[Any] = [("type", c_ulong), ("value", c_void_p), ("length", c_ulong)]


class _TokenInfo(Structure):
    _fields_: ClassVar[Any] = [
        ("label", c_char * 32),
        ("manufacturer", c_char * 32),
        ("model", c_char * 16),
        ("serial", c_char * 16),
        ("flags", c_ulong),
        ("counts", c_ulong * 10),
        ("versions", _Version * 2),
        ("time", c_char * 16),
    ]


@dataclass(frozen=True, slots=True)
class _Template:
    """CK_ATTRIBUTE array; keeps alive what its pointers lead to."""

    array: Any
    values: tuple[Any, ...]


class Output:
    """A buffer that a session keeps for what it signs."""

    __slots__ = ("buffer", "length", "reference")

    def __init__(self) -> None:
        self.buffer = ctypes.create_string_buffer(_LARGEST)
        self.length = c_ulong(_LARGEST)
        self.reference = byref(self.length)


def attributes(**given: int | bytes | bool) -> dict[Attribute, bytes]:
    """A template by names of `Attribute` in small letters: CK_ULONG, CK_BBOOL or octets."""
    return {Attribute[name.upper()]: _encoded(value) for name, value in given.items()}


def _encoded(value: int | bytes | bool) -> bytes:
    match value:
        case bytes():
            return value
        case bool():
            return bytes((value,))
        case _:
            return bytes(c_ulong(value))


def _template(given: Mapping[Attribute, bytes]) -> _Template:
    values = tuple(ctypes.create_string_buffer(value, len(value)) for value in given.values())
    pairs = zip(given, values, strict=True)
    filled = [_Attribute(kind, ctypes.cast(value, c_void_p), len(value)) for kind, value in pairs]
    return _Template((_Attribute * len(filled))(*filled), values)


_PROTOTYPES: Final[Mapping[str, tuple[int, tuple[Any, ...]]]] = {
    "C_Initialize": (0, (c_void_p,)),
    "C_Finalize": (1, (c_void_p,)),
    "C_GetSlotList": (4, (c_ubyte, c_void_p, c_void_p)),
    "C_GetTokenInfo": (6, (c_ulong, c_void_p)),
    "C_GetMechanismInfo": (8, (c_ulong, c_ulong, c_void_p)),
    "C_OpenSession": (12, (c_ulong, c_ulong, c_void_p, c_void_p, c_void_p)),
    "C_CloseSession": (13, (c_ulong,)),
    "C_Login": (18, (c_ulong, c_ulong, ctypes.c_char_p, c_ulong)),
    "C_GetAttributeValue": (24, (c_ulong, c_ulong, c_void_p, c_ulong)),
    "C_FindObjectsInit": (26, (c_ulong, c_void_p, c_ulong)),
    "C_FindObjects": (27, (c_ulong, c_void_p, c_ulong, c_void_p)),
    "C_FindObjectsFinal": (28, (c_ulong,)),
    "C_SignInit": (42, (c_ulong, c_void_p, c_ulong)),
    "C_Sign": (43, (c_ulong, ctypes.c_char_p, c_ulong, c_void_p, c_void_p)),
    "C_GenerateKeyPair": (
        59,
        (c_ulong, c_void_p, c_void_p, c_ulong, c_void_p, c_ulong, c_void_p, c_void_p),
    ),
}
"""Place in CK_FUNCTION_LIST and argument types."""


class Cryptoki:
    """One module (a shared library). Its functions are found as the standard says, by their list.

    Every method raises `TokenError` where the token's answer is not CKR_OK.
    """

    def __init__(self, path: str) -> None:
        """Loads the module; nothing is initialised.

        Raises:
            OSError: no such file, or no shared library.
            AttributeError: a shared library that is no PKCS#11 module.
        """
        self._library = ctypes.CDLL(path)  # keeps the code mapped
        found = POINTER(_FunctionList)()
        _checked(self._library.C_GetFunctionList(byref(found)))
        functions = found.contents.functions
        self._call = {
            name: ctypes.CFUNCTYPE(c_ulong, *types)(functions[place])
            for name, (place, types) in _PROTOTYPES.items()
        }
        self._sign_init, self._sign = self._call["C_SignInit"], self._call["C_Sign"]
        kept = {kind: _Mechanism(kind, None, 0) for kind in Mechanism}
        self._mechanisms = {kind: byref(item) for kind, item in kept.items()}

    def initialize(self) -> None:
        """C_Initialize for a program with several threads."""
        self._do("C_Initialize", byref(_InitializeArguments(flags=_OS_LOCKING)))

    def finalize(self) -> None:
        """C_Finalize: every session of this process ends."""
        self._do("C_Finalize", None)

    def slots(self) -> Sequence[int]:
        """Slots with a token in them, looked for anew."""
        count = c_ulong()
        self._do("C_GetSlotList", 1, None, byref(count))
        found = (c_ulong * count.value)()
        self._do("C_GetSlotList", 1, found, byref(count))
        return list(found[: count.value])

    def label(self, slot: int) -> str:
        """The label of the token in `slot`; "" where it has not been initialised."""
        said = _TokenInfo()
        self._do("C_GetTokenInfo", slot, byref(said))
        if not said.flags & _TokenFlag.INITIALIZED:
            return ""
        return bytes(said.label).decode(errors="replace").rstrip()

    def signs(self, slot: int, mechanism: Mechanism) -> bool:
        """Whether the token in `slot` says that it signs with `mechanism`."""
        said = _MechanismInfo()
        try:
            self._do("C_GetMechanismInfo", slot, mechanism, byref(said))
        except TokenError as error:
            if error.name == "CKR_MECHANISM_INVALID":
                return False
            raise
        return bool(said.flags & _SIGN)

    def open_session(self, slot: int, *, writes: bool = False) -> int:
        """C_OpenSession; for reading, unless it `writes`."""
        handle = c_ulong()
        flags = _SERIAL | (_READ_WRITE if writes else 0)
        self._do("C_OpenSession", slot, flags, None, None, byref(handle))
        return handle.value

    def close_session(self, session: int) -> None:
        """C_CloseSession."""
        self._do("C_CloseSession", session)

    def login(self, session: int, pin: bytes) -> None:
        """C_Login as the user; every session of this process with that token is logged in."""
        self._do("C_Login", session, _USER, pin, len(pin))

    def find(self, session: int, wanted: Mapping[Attribute, bytes]) -> Sequence[int]:
        """Handles of the objects that are as `wanted`, at most eight."""
        template = _template(wanted)
        self._do("C_FindObjectsInit", session, template.array, len(template.array))
        found, count = (c_ulong * _MOST_FOUND)(), c_ulong()
        try:
            self._do("C_FindObjects", session, found, _MOST_FOUND, byref(count))
        finally:
            self._do("C_FindObjectsFinal", session)
        return list(found[: count.value])

    def attribute(self, session: int, item: int, kind: Attribute) -> bytes | None:
        """An attribute's octets; None where the token does not tell it."""
        asked = _Attribute(kind, None, 0)
        try:
            self._do("C_GetAttributeValue", session, item, byref(asked), 1)
            if asked.length == _UNAVAILABLE:
                return None
            value = ctypes.create_string_buffer(asked.length)
            asked.value = ctypes.cast(value, c_void_p)
            self._do("C_GetAttributeValue", session, item, byref(asked), 1)
        except TokenError as error:
            if error.name in {"CKR_ATTRIBUTE_TYPE_INVALID", "CKR_ATTRIBUTE_SENSITIVE"}:
                return None
            raise
        return value.raw[: asked.length]

    def sign(
        self, session: int, mechanism: Mechanism, key: int, message: bytes, output: Output
    ) -> bytes:
        """C_SignInit and C_Sign."""
        code = self._sign_init(session, self._mechanisms[mechanism], key)
        if code:
            raise TokenError(code)
        output.length.value = _LARGEST
        code = self._sign(session, message, len(message), output.buffer, output.reference)
        if code:
            raise TokenError(code)
        return output.buffer.raw[: output.length.value]

    def generate_pair(
        self,
        session: int,
        mechanism: Mechanism,
        public: Mapping[Attribute, bytes],
        private: Mapping[Attribute, bytes],
    ) -> tuple[int, int]:
        """C_GenerateKeyPair: handles of the public and the private key."""
        left, right = _template(public), _template(private)
        made, kept = c_ulong(), c_ulong()
        self._do(
            "C_GenerateKeyPair",
            session,
            self._mechanisms[mechanism],
            left.array,
            len(left.array),
            right.array,
            len(right.array),
            byref(made),
            byref(kept),
        )
        return made.value, kept.value

    def _do(self, name: str, *arguments: object) -> None:
        _checked(self._call[name](*arguments))


def _checked(code: int) -> None:
    if code != _OK:
        raise TokenError(code)
