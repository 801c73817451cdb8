"""A type of each design family, as rich as the family allows; none of them is in the catalogue."""

from typing import Any

from certlib.catalogue import TypeVersion, type_version_from

_CODE = "11445200990090112T"


def _field(title: str, order: int, sample: Any, most: int = 40, **more: Any) -> dict[str, Any]:
    spec = {"title": title, "x-order": order, "x-sample": sample} | {
        key.replace("_", "-", 1) if key.startswith("x_") else key: value
        for key, value in more.items()
    }
    if "type" not in spec:
        spec |= {"type": "string", "maxLength": most}
    return spec


def _long(title: str, order: int, sample: str, most: int = 200, **more: Any) -> dict[str, Any]:
    return _field(title, order, sample, most, x_span=2, x_format="multiline", **more)


def _picture(title: str, order: int, name: str, **more: Any) -> dict[str, Any]:
    media = {"contentEncoding": "base64", "contentMediaType": "image/jpeg"}
    return _field(
        title, order, f"sample:{name}", 200_000, **({"x_format": "photograph"} | media | more)
    )


def _list(title: str, order: int, sample: list[Any], item: dict[str, Any], **more: Any) -> Any:
    return _field(title, order, sample, **({"type": "array", "maxItems": 60, "items": item} | more))


def _table(title: str, order: int, sample: list[Any], columns: dict[str, Any], **more: Any) -> Any:
    item = {"type": "object", "additionalProperties": False, "properties": columns}
    return _list(title, order, sample, item, x_format="table", **more)


def _column(title: str, order: int, most: int, **more: Any) -> dict[str, Any]:
    return _field(title, order, None, most, **more)


def _type(number: int, name: str, design: str, fields: dict[str, Any], **more: Any) -> TypeVersion:
    base = {
        "type_code": f"{_CODE}{number}",
        "version": "2026.1",
        "name": name,
        "name_en": "",
        "defining_body": "揭阳市市场监督管理局",
        "issuing_levels": ["地市级"],
        "category": "证照执照",
        "design": design,
        "schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "additionalProperties": False,
            "required": [],
            "properties": {f"KZ_{key}": spec for key, spec in fields.items()},
        },
    }
    return type_version_from(base | more)


_HOUSES = [
    {"no": f"{i}幢", "floors": 18 + i % 3, "units": 72 + i, "area": f"{9120 + 13 * i}.{i:02}"}
    for i in range(1, 10)
]

LANDSCAPE = _type(
    901,
    "食品经营许可证",
    "licence-landscape",
    {
        "JYCS": _long("经营场所", 30, "广东省揭阳市榕城区榕华街道临江北路 128 号 3 栋 201 室"),
        "FR": _field("法定代表人", 40, "欧阳明远", 30, x_format="name"),
        "ZTYT": _field("主体业态", 50, "食品销售经营者（网络经营）", 60),
        "JYXM": _long("经营项目", 60, "预包装食品（含冷藏冷冻食品）销售；散装食品销售；特殊食品销售", 300),
        "RY": _list("从业人员", 70, ["林晓岚", "陈雨桐"], {"type": "string", "maxLength": 8}, maxItems=8),
        "SB": _table(
            "设施设备",
            200,
            [{"name": f"冷藏展示柜 {i} 号", "model": f"LCG-{i:03}/A", "count": i % 4 + 1} for i in range(1, 41)],
            {
                "name": _column("名称", 10, 40, x_width=2),
                "model": _column("型号", 20, 24, x_format="code"),
                "count": _column("数量（台）", 30, 4, x_format="number", x_sum=True, type="integer"),
            },
            x_forms=["annex"],
        ),
        "SM": _list(
            "核查要点", 210,
            ["经营场所与有毒、有害场所以及其他污染源保持规定的距离。", "具有与经营的食品品种、数量相适应的经营设备或者设施。"],
            {"type": "string", "maxLength": 120}, x_format="items", x_forms=["annex"],
        ),
        "PMT": _picture("经营场所平面布局图", 300, "drawing", x_forms=["drawing"], x_shape="landscape"),
        "PMTSM": _field("图幅说明", 310, "比例 1:200，图中尺寸单位为毫米", 60, x_forms=["drawing"]),
    },
    name_en="Food Business Licence",
    forms=["original", "duplicate", "annex", "drawing"],
    max_holders=20,
    term_years=5,
    face={
        "holder_title": "经营者名称", "holder_order": "10", "holder_span": "2",
        "code_title": "统一社会信用代码", "code_part": "corner",
        "number_title": "许可证编号", "number_part": "subtitle",
        "validity_title": "有效期", "validity_order": "90", "validity_span": "2",
        "issuer_title": "发证机关",
        "note": "经营者应当在经营场所的显著位置悬挂或者摆放许可证正本。",
        "palette": "green",
    },
)  # fmt: skip

PORTRAIT = _type(
    902,
    "建筑施工特种作业操作资格证书",
    "licence-portrait",
    {
        "ZP": _picture("照片", 5, "portrait"),
        "XB": _field("性别", 20, "男", 6),
        "CSRQ": _field("出生日期", 25, "1997-03-15", x_format="date", format="date"),
        "CZLB": _field("操作类别", 30, "建筑起重机械司机（塔式起重机）", 60, x_span=2),
        "DW": _long("工作单位", 40, "揭阳市榕江建筑工程有限公司", 120),
        "CCLZ": _field("初次领证", 50, "2020-11-22", x_format="date", format="date"),
        "JXJY": _list(
            "继续教育", 60, ["2024年度：合格（24学时）", "2025年度：合格（24学时）"],
            {"type": "string", "maxLength": 40}, maxItems=6, x_span=2, x_format="items",
        ),
    },
    name_en="Certificate of Competence for Special Construction Work",
    holder_category="person",
    max_holders=20,
    term_years=2,
    forms=["original", "duplicate"],
    face={
        "holder_title": "姓名", "holder_order": "10", "code_title": "证件号码", "code_order": "27",
        "code_span": "2", "number_title": "证书编号", "number_part": "subtitle",
        "validity_title": "有效期", "validity_order": "90", "validity_span": "2",
        "preamble": "{holder}经考核合格，准予从事下列建筑施工特种作业。",
        "closing": "特发此证。",
        "issuer_title": "发证机关",
        "note": "本证书应当在有效期满前三个月内申请延期复核。|用人单位应当查验本证书，并按规定组织年度安全教育。",
    },
)  # fmt: skip

PRESALE = _type(
    903,
    "商品房预售许可证",
    "licence-portrait",
    {
        "XM": _long("项目名称", 20, "榕江壹号院二期（B 区）"),
        "DZ": _long("房屋坐落", 30, "揭阳市榕城区仙桥街道环市南路以南、进贤大道以东"),
        "MJ": _field("预售总面积", 40, "82450.36", 16, x_format="amount", x_unit=" 平方米"),
        "TS": _field("预售总套数", 50, 684, type="integer", maximum=99999, x_unit=" 套"),
        "LP": _table(
            "预售楼幢", 60, _HOUSES,
            {
                "no": _column("幢号", 10, 12),
                "floors": _column("层数", 20, 4, x_format="number", type="integer"),
                "units": _column("套数", 30, 6, x_format="number", x_sum=True, type="integer"),
                "area": _column("建筑面积（平方米）", 40, 12, x_format="amount", x_sum=True),
            },
            x_span=2,
        ),
        "JG": _long("监管银行", 70, "揭阳市榕城农村信用合作联社仙桥信用社（账号 8002 0000 0118 6666）"),
    },
    name_en="Pre-sale Permit for Commodity Housing",
    max_holders=20,
    forms=["original", "duplicate"],
    face={
        "holder_title": "售房单位", "holder_order": "10", "holder_span": "2",
        "number_title": "编号", "number_part": "subtitle",
        "issuer_title": "发证机关", "palette": "plum", "show_form": "yes",
        "preamble": "根据《中华人民共和国城市房地产管理法》和《城市商品房预售管理办法》的规定，经审查，{holder}开发的下列商品房符合预售条件，准予预售。",
    },
)  # fmt: skip

CARD = _type(
    904,
    "道路运输从业人员从业资格证",
    "card",
    {
        "ZP": _picture("照片", 5, "portrait"),
        "XB": _field("性别", 20, "男", 6),
        "CSRQ": _field("出生日期", 25, "1997-03-15", x_format="date", format="date"),
        "GJ": _field("国籍", 30, "中国", 20),
        "ZJCX": _field("准驾车型", 40, "A2", 8, x_format="code"),
        "ZZ": _long("住址", 45, "广东省揭阳市榕城区榕华街道望江北路 56 号", 60),
        "LB": _field("从业资格类别", 50, "经营性道路货物运输驾驶员", 60, x_span=2, x_part="back"),
        "CCLZ": _field("初次领证日期", 60, "2020-11-22", x_format="date", format="date", x_part="back"),
        "CX": _field("诚信考核等级", 70, "AAA 级（2025 年度）", 30, x_part="back"),
        "JXJY": _long("继续教育", 80, "2024 至 2025 周期已完成 24 学时", 80, x_part="back"),
    },
    name_en="Qualification Certificate for Road Transport Personnel",
    holder_category="person",
    term_years=6,
    face={
        "holder_title": "姓名", "holder_order": "10", "code_title": "证件号码", "code_order": "15",
        "code_span": "2", "number_title": "证号", "number_part": "subtitle",
        "validity_title": "有效期限", "validity_order": "90", "validity_span": "2",
        "validity_part": "back", "issuer_title": "发证机关",
        "note": "从业时应当随身携带本证。|遗失、损毁或者变更信息的，应当向原发证机关申请换发。",
    },
)  # fmt: skip

_RELATIONS = ["户主", "配偶", "长女", "次子", "母亲", "父亲"]

PROOF = _type(
    905,
    "城乡居民最低生活保障证明",
    "proof-bilingual",
    {
        "ZP": _picture("照片", 5, "portrait", **{"x-title-en": "Photograph"}),
        "XB": _field("性别", 20, "女", 6, x_span=2, **{"x-title-en": "Sex"}),
        "HJ": _field("户籍所在地", 30, "广东省揭阳市榕城区东阳街道", 60, x_span=6, **{"x-title-en": "Registered residence"}),
        "DZ": _field("家庭住址", 40, "广东省揭阳市榕城区东阳街道马牙社区环市东路 12 号 305 房", 120, x_span=8, x_format="multiline", **{"x-title-en": "Address"}),
        "RS": _field("保障人数", 50, 4, type="integer", maximum=60, x_unit=" 人", x_span=4, **{"x-title-en": "Persons covered"}),
        "JE": _field("月保障金额", 60, "2846.00", 12, x_format="capitals", x_span=8, **{"x-title-en": "Monthly amount", "x-sum-of": "KZ_CY/amount"}),
        "BZ": _field("备注", 70, None, 40, x_span=4, **{"x-title-en": "Remarks"}),
        "CY": _table(
            "保障家庭成员", 80,
            [
                {"name": name, "relation": relation, "born": f"{year}-05-0{year % 9 + 1}", "amount": "711.50"}
                for name, relation, year in zip(["陈雨桐", "林晓岚", "欧阳雨禾", "阿卜杜拉·买买提"], _RELATIONS, [1978, 1981, 2012, 2019], strict=False)
            ],
            {
                "name": _column("姓名", 10, 20, x_width=2, x_format="name"),
                "relation": _column("与户主关系", 20, 10),
                "born": _column("出生日期", 30, 10, x_format="date", format="date"),
                "amount": _column("月保障金额（元）", 40, 10, x_format="amount", x_sum=True),
            },
            x_span=12, **{"x-title-en": "Members of the household"},
        ),
    },
    name_en="Proof of Subsistence Allowance",
    holder_category="person",
    category="证明文件",
    max_holders=20,
    face={
        "columns": "12",
        "holder_title": "户主姓名", "holder_title_en": "Head of household", "holder_order": "10", "holder_span": "4",
        "code_title": "公民身份号码", "code_title_en": "Identity number", "code_order": "15", "code_span": "6",
        "number_label": "证明编号", "number_label_en": "No.",
        "issuer_title": "出具机关（盖章）", "issuer_title_en": "Issued by (seal)",
        "preamble": "兹证明{holder}家庭经审核确认，依法享受城乡居民最低生活保障。",
        "closing": "本证明自出具之日起三个月内有效。",
        "palette": "bronze",
    },
)  # fmt: skip
