"""Secrets that are recognised by themselves: private keys, and tokens with a vendor's prefix."""

import re
from collections.abc import Iterator

from clinvk.text.secrets.spans import Span, Text

_START = r"(?<![A-Za-z0-9_-])"
_W = "[A-Za-z0-9_-]"
_A = "[A-Za-z0-9]"
_H = "[0-9a-f]"

_KEY = re.compile(
    # The body ends where the closing line starts; without one it is cut at a maximum length.
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[^-]|-(?!----)){0,20000}+(?:-----END [A-Z0-9 ]{0,60}-----(?:\\+n)?)?"
)
_PUTTY = re.compile(
    r"Private-Lines: \d{1,4}\s{1,4}((?:[A-Za-z0-9+/=]{1,80}\s{1,3}){1,400}+)"
    r"(?:Private-MAC: ([0-9a-f]{20,128}))?"
)

_VENDORS = (
    # models
    rf"sk-{_W}{{16,}}+",  # Anthropic, OpenAI, OpenRouter, DeepSeek and others
    rf"gsk_{_A}{{20,}}+|xai-{_A}{{20,}}+|pplx-{_A}{{20,}}+|r8_{_A}{{20,}}+|hf_{_A}{{20,}}+",
    rf"pcsk_{_W}{{20,}}+|lsv2_(?:pt|sk)_{_W}{{20,}}+|tvly-{_W}{{16,}}+|fw_{_A}{{20,}}+",
    rf"nvapi-{_W}{{20,}}+|api_org_{_A}{{20,}}+|jina_{_W}{{20,}}+|csk-{_A}{{20,}}+",
    rf"[ps]k-lf-{_W}{{20,}}+",
    # clouds
    rf"AIza{_W}{{30,}}+|ya29\.{_W}{{20,}}+|GOCSPX-{_W}{{20,}}+|1//0{_W}{{30,}}+",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])",
    rf"LTAI{_A}{{16,}}+|AKID{_A}{{20,}}+|AQVN{_W}{{30,}}+|[ty][01]_{_W}{{30,}}+",
    rf"do[opr]_v1_{_H}{{40,}}+|dapi{_H}{{32}}(?:-\d)?|{_A}{{3}}8Q~{_W}{{30,}}+|EZ[AT]K{_A}{{50,}}+",
    rf"HRKU-{_W}{{20,}}+|nf[pcu]_{_A}{{30,}}+|fo1_{_W}{{30,}}+|FlyV1 fm2_\S{{20,}}+",
    rf"tskey-{_A}{{1,12}}-{_W}{{16,}}+|pul-{_H}{{40}}|rnd_{_A}{{20,}}+|vc[pikra]_{_A}{{20,}}+",
    rf"CFPAT-{_W}{{30,}}+|v1\.0-{_H}{{20,}}-{_H}{{100,}}+|ic_{_A}{{30,}}+",
    # code and packages
    rf"gh[pousr]_{_A}{{20,}}+|github_pat_[A-Za-z0-9_]{{20,}}+|gl[a-z]{{2,6}}-{_W}{{16,}}+",
    rf"ATATT{_W}{{30,}}+=?|ATCTT{_W}{{30,}}+=?|ATBB{_A}{{20,}}+|ATOA{_W}{{30,}}+",
    rf"npm_{_A}{{30,}}+|pypi-{_W}{{50,}}+|rubygems_{_H}{{40,}}+|oy2[a-z0-9A-Z]{{43}}",
    rf"dckr_(?:pat|oat)_{_W}{{20,}}+|CCIPAT_{_W}{{20,}}+|cio{_A}{{32}}",
    rf"bkua_{_H}{{30,}}+|bkat_{_W}{{30,}}+|sq[apu]_{_H}{{30,}}+|NRAK-[A-Z0-9]{{20,}}+",
    rf"NRII-{_W}{{20,}}+|cmVmd{_A}{{50,}}+|AKCp{_A}{{50,}}+|jfrt_{_W}{{30,}}+",
    # messages and mail
    rf"xox[abeoprs]-[A-Za-z0-9-]{{10,}}+|xoxe\.xox[bp]-{_W}{{20,}}+|xapp-[A-Za-z0-9-]{{10,}}+",
    rf"SG\.{_W}{{16,}}\.{_W}{{16,}}+|key-{_H}{{32}}|{_H}{{32}}-us\d{{1,2}}|xkeysib-{_W}{{30,}}+",
    rf"xsmtpsib-{_W}{{30,}}+|SK{_H}{{32}}|[MNO]{_W}{{22,27}}\.{_W}{{6}}\.{_W}{{27,}}+",
    rf"re_{_A}{{6,}}_{_A}{{16,}}+|pm_{_A}{{30,}}+",
    # money and shops
    rf"[srp]k_(?:live|test|prod)_{_A}{{10,}}+|whsec_[A-Za-z0-9+/=]{{20,}}+|sq0[a-z]{{3}}-{_W}{{20,}}+",
    rf"EAAA{_W}{{50,}}+|EAAC{_A}{{50,}}+|shp[a-z]{{2}}_{_H}{{30,}}+|sqOatp-{_W}{{20,}}+",
    rf"access_token\$(?:production|sandbox)\${_A}{{16}}\${_H}{{32}}|rzp_(?:live|test)_{_A}{{10,}}+",
    rf"FLWSECK(?:_TEST)?-{_W}{{12,}}+|shippo_(?:live|test)_{_H}{{30,}}+|pdl_{_W}{{30,}}+",
    # services
    rf"hv[sbr]\.{_W}{{20,}}+|[sb]\.{_A}{{24}}(?![A-Za-z0-9])|{_A}{{14}}\.atlasv1\.{_W}{{40,}}+",
    rf"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9_.-]{{30,}}+|lin_(?:api|oauth)_{_A}{{30,}}+",
    rf"secret_{_A}{{40,}}+|ntn_{_A}{{40,}}+|fig[dou]_?{_W}{{30,}}+|PMAK-{_W}{{30,}}+|PMAT-{_W}{{20,}}+",
    rf"gl(?:sa|c)_[A-Za-z0-9+/=_]{{30,}}+|sntry[su]_[A-Za-z0-9+/=_-]{{30,}}+|ph[cx]_{_A}{{30,}}+",
    rf"sbp_{_H}{{40}}|sb_secret_{_W}{{20,}}+|tfp_{_A}{{30,}}+|pat{_A}{{14}}\.{_H}{{64}}",
    rf"ops_eyJ{_W}{{30,}}+|pat-(?:na|eu)1-{_W}{{30,}}+|pscale_(?:tkn|pw|oauth)_{_W}{{30,}}+",
    rf"rdme_[a-z0-9]{{60,}}+|doo_v1_{_H}{{40,}}+|sgp_{_A}{{30,}}+|waka_{_W}{{30,}}+",
    rf"AGE-SECRET-KEY-1[A-Z0-9]{{40,}}+|dt0c01\.{_A}{{20,}}\.{_A}{{50,}}+|apify_api_{_A}{{30,}}+",
    rf"duffel_(?:live|test)_{_W}{{30,}}+|fio-u-{_W}{{30,}}+|clojars_{_A}{{50,}}+",
    rf"cal_(?:live_)?{_H}{{30,}}+|ey[Jn]hbGciOi{_W}{{20,}}\.{_W}{{20,}}+",
    r"eyJ[A-Za-z0-9_-]{8,}+\.eyJ[A-Za-z0-9_-]{2,}+\.[A-Za-z0-9_-]*+",
)
_TOKENS = re.compile(rf"{_START}(?=[A-Za-z0-9_.~/$-]{{10}})(?:{'|'.join(_VENDORS)})")

_WEBHOOKS = re.compile(
    r"(?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/"
    r"|discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/|webhook\.office\.com/webhookb2/"
    r"|hooks\.zapier\.com/hooks/catch/|maker\.ifttt\.com/use/|api\.telegram\.org/bot"
    r"|chat\.googleapis\.com/v1/spaces/|open\.feishu\.cn/open-apis/bot/v2/hook/)"
    r"([^\s\"'<>`)\]]{8,300}+)"
)
_TELEGRAM = re.compile(r"(?<![A-Za-z0-9])\d{8,12}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])")
_CUT = re.compile(
    rf"{_START}(?:sk-(?:ant-|proj-|or-)|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|AKIA|ASIA|AIza"
    rf"|hf_|gsk_|npm_|pypi-|eyJ|[srp]k_(?:live|test)_|hvs\.){_W}{{2,}}+(?=…|\.\.\.)"
)
"""The start of a token that was cut off; none but those with a prefix that is nobody's word."""


def tokens(given: Text) -> Iterator[Span]:
    """The private keys and the tokens of known vendors."""
    text = given.said
    for found in _KEY.finditer(text):
        yield found.span()
    for found in _PUTTY.finditer(text):
        start, end = found.span(1)
        yield start, start + len(text[start:end].rstrip())
        if found[2]:
            yield found.span(2)
    for pattern in (_TOKENS, _CUT):
        for found in pattern.finditer(text):
            # A real key contains digits; without one it is a name that only starts like a key.
            if any(map(str.isdigit, found[0])):
                yield found.span()
    for found in _WEBHOOKS.finditer(text):
        yield found.span(1)
    for found in _TELEGRAM.finditer(text):
        yield found.span()
