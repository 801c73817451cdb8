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
                "floors": _column("层数", 20, 4, type="integer"),
                "units": _column("套数", 30, 6, x_sum=True, type="integer"),
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

_MEASURED = [
    {"item": item, "demand": demand, "found": found, "result": "符合"}
    for item, demand, found in [
        ("对重缓冲距", "150～400 mm", "268"), ("轿厢意外移动保护装置", "动作可靠", "可靠"),
        ("层门门扇间隙", "≤6 mm", "4.5"), ("门刀与层门地坎间隙", "≥5 mm", "7.8"),
        ("平衡系数", "0.40～0.50", "0.46"), ("限速器动作速度", "1.15～1.32 m/s", "1.24"),
        ("接地电阻", "≤4 Ω", "1.8"), ("绝缘电阻（动力回路）", "≥0.5 MΩ", "86"),
        ("制停距离", "0.35～1.43 m", "0.72"), ("钢丝绳直径减少率", "＜7 %", "1.2"),
    ] * 4
]  # fmt: skip

REPORT = _type(
    906,
    "特种设备检验报告",
    "inspection-report",
    {
        "LB": _field("设备类别", 10, "曳引驱动乘客电梯", 40, x_part="cover"),
        "SBMC": _field("产品编号", 20, "JY-2021-0386", 30, x_format="code", x_part="cover"),
        "SYDW": _long("使用单位", 30, "揭阳市榕江壹号物业服务有限公司", 60, x_part="cover"),
        "RQ": _field("检验日期", 40, "2026-11-18", x_format="date", format="date", x_part="cover"),
        "ZCDM": _field("注册代码", 50, "31104452022021000386", 30, x_format="code", x_part="设备概况", x_span=2),
        "AZDZ": _long("安装地点", 55, "揭阳市榕城区榕华街道临江北路 128 号榕江壹号院 3 幢 1 单元", 120, x_part="设备概况"),
        "XH": _field("型号规格", 60, "TKJ 1000/1.75-VVVF", 40, x_part="设备概况"),
        "ZZDW": _field("制造单位", 65, "广东某电梯制造有限公司", 60, x_part="设备概况"),
        "SD": _field("额定速度", 70, "1.75", 10, x_unit=" m/s", x_part="设备概况"),
        "ZL": _field("额定载重量", 75, 1000, type="integer", maximum=99999, x_unit=" kg", x_part="设备概况"),
        "CZ": _field("层站数", 80, "26 层 26 站", 20, x_part="设备概况"),
        "XJRQ": _field("下次检验日期", 85, "2027-11", 10, x_part="设备概况"),
        "JL": _field(
            "检验结论", 100,
            "依据《电梯监督检验和定期检验规则》（TSG T7001—2023），对该电梯进行了定期检验，各检验项目均符合要求。检验结论：合格。",
            600, x_format="conclusion",
        ),
        "JY": _field("检验", 110, "林晓岚", 20, x_format="signer"),
        "SH": _field("审核", 120, "陈雨桐", 20, x_format="signer"),
        "PZ": _field("批准", 130, "阿卜杜拉·买买提", 20, x_format="signer"),
        "XM": _table(
            "检验项目与实测数据", 200, _MEASURED,
            {
                "item": _column("检验项目", 10, 40, x_width=2),
                "demand": _column("技术要求", 20, 40, x_width=2),
                "found": _column("实测值", 30, 12, x_format="number"),
                "result": _column("单项结论", 40, 8),
            },
        ),
        "ZP": _list(
            "检验照片", 300,
            [{"caption": f"第 {i} 处：轿厢、井道与对重装置", "image": "sample:landscape"} for i in range(1, 6)],
            {
                "type": "object",
                "properties": {
                    "caption": {"type": "string", "maxLength": 60},
                    "image": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/jpeg", "maxLength": 120_000},
                },
            },
            x_format="photographs", maxItems=6,
        ),
        "YJ": _list(
            "整改意见", 400, ["机房应急照明照度偏低，建议更换光源。", "底坑爬梯踏板防滑条磨损，建议在下次维护保养时更换。"],
            {"type": "string", "maxLength": 300}, x_format="items", maxItems=20,
        ),
    },
    name_en="Inspection Report of Special Equipment",
    category="鉴定报告",
    defining_body="揭阳市特种设备检验所",
    max_holders=20,
    face={
        "subtitle": "特种设备安全",
        "holder_title": "受检单位", "holder_order": "5", "holder_part": "cover",
        "issuer_title": "检验机构（检验专用章）",
        "note": "本报告无检验机构电子印章无效，涂改、部分复制无效。|对检验结论有异议的，应当自收到报告之日起十五日内书面提出。|本报告仅对所检设备当时的状况负责。",
    },
)  # fmt: skip

RESULT = _type(
    907,
    "完税情况办理结果",
    "official-result",
    {
        "NSRSBH": _field("纳税人识别号", 20, "91445202MA9TEXT00K", 20, x_format="code"),
        "QJ": _field("税款所属期", 30, "2025年1月1日 至 2025年12月31日", 40, x_span=2),
        "JG": _field("主管税务机关", 40, "揭阳市地税局榕城分局", 40),
        "FS": _field("申请方式", 50, "网上申请", 12),
        "MX": _table(
            "完税明细", 100,
            [
                {"tax": tax, "no": f"3440{i:012}", "day": f"2025-{i:02}-15", "paid": amount}
                for i, (tax, amount) in enumerate(
                    [("增值税", "128650.32"), ("城市维护建设税", "9005.52"), ("教育费附加", "3859.51"),
                     ("地方教育附加", "2573.01"), ("企业所得税", "86420.00"), ("印花税", "1206.40"),
                     ("城镇土地使用税", "5400.00"), ("房产税", "12860.75")], start=1)
            ],
            {
                "tax": _column("税（费）种", 10, 40, x_width=2),
                "no": _column("完税凭证号码", 20, 24, x_format="code", x_width=2),
                "day": _column("入库日期", 30, 10, x_format="date", format="date", x_width=2),
                "paid": _column("实缴金额（元）", 40, 16, x_format="amount", x_sum="capitals"),
            },
        ),
        "HJ": _field("合计金额", 110, "249975.51", 20, x_format="capitals", x_span=2, **{"x-sum-of": "KZ_MX/paid"}),
        "BZ": _long("备注", 120, "以上数据截至查询日，由申请人自行核对。", 200),
    },
    name_en="Official Statement of Taxes Paid",
    category="办事结果",
    defining_body="揭阳市地税局",
    max_holders=20,
    forms=["original", "annex"],
    face={
        "holder_title": "纳税人名称", "holder_order": "10", "holder_span": "2",
        "issuer_title": "税务机关",
        "preamble": "经查询征收管理信息系统，{holder}在税款所属期内的完税情况如下：",
        "closing": "特此出具。",
        "note": "本结果不作为纳税人记账、抵扣的凭证。",
    },
)  # fmt: skip

# More single values than a card can hold, each of them short.
CROWDED = _type(
    908,
    "网络预约出租汽车驾驶员证",
    "card",
    {f"F{i:02}": _field(f"事项{i}", i, f"第{i}项", 12) for i in range(1, 41)},
    holder_category="person",
    face={"holder_title": "姓名", "holder_order": "0", "palette": "green"},
)
