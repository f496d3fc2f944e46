"""Secrets and homes, taken out of what is to be shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bed.redact_corpus import CORPUS, forms_in, found, hit
from clinvk.text.redact import MARK, Redaction

HOME = "/home/ann"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("key sk-ant-api03-abcdefghij1234567890 end", f"key {MARK} end"),
        ("sk_live_abcdefghij12", MARK),
        ("ghp_" + "a1" * 12, MARK),
        ("github_pat_" + "a1" * 12, MARK),
        ("glpat-" + "a1" * 10, MARK),
        ("AKIAIOSFODNN7EXAMPLE", MARK),
        ("xoxb-123456789012-abcdef", MARK),
        ("AIza" + "a1" * 18, MARK),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-1", MARK),
        ("Authorization: Bearer abcdefgh12345678", f"Authorization: Bearer {MARK}"),
        ("-H 'authorization: Basic dXNlcjpwYXNz'", f"-H 'authorization: Basic {MARK}'"),
        ("export OPENAI_API_KEY=abcdef123", f"export OPENAI_API_KEY={MARK}"),
        ("password: hunter22", f"password: {MARK}"),
        ('password = "my secret phrase"', f'password = "{MARK}"'),
        ('{"token": "abcd1234"}', f'{{"token": "{MARK}"}}'),
        ('{\\"token\\": \\"abcd1234\\"}', f'{{\\"token\\": \\"{MARK}\\"}}'),
        ("postgres://u:pa55word@host/db", f"postgres://u:{MARK}@host/db"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY----- after",
            f"{MARK} after",
        ),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nnever closed", MARK),
    ],
)
def test_the_usual_forms_of_a_secret_are_replaced(text: str, redacted: str) -> None:
    """What stands around one stays, so that the text still reads."""
    assert Redaction(HOME).text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens: 1000000",
        "token = get_token(x)",
        "def f(token: str) -> None",
        "token: string",
        "secret: ${SECRET_NAME}",
        "the bearer of this letter",
        "sk-something-long-class-name",
        "0123456789ab 074e1b03-c967-4ae2-a7b4-2641d343b658",
        f"password={MARK}",
        "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----",
    ],
)
def test_what_only_looks_alike_stays(text: str) -> None:
    """Code that speaks of tokens is no token, and a second time changes nothing."""
    assert Redaction(HOME).text(text) == text


@pytest.mark.parametrize("corpus", ["", "held_out_"])
def test_secrets_are_found_and_look_alikes_are_left(corpus: str) -> None:
    """At least 95 of 100 forms, and fewer than 4 of 100 look-alikes; the rest is in the message."""
    redaction = Redaction(HOME)
    secrets = found(CORPUS / f"{corpus}secrets.txt", redaction)
    assert secrets.share >= 0.95, secrets.wrong
    alike = hit(CORPUS / f"{corpus}lookalikes.txt", redaction)
    assert alike.share < 0.04, alike.wrong


@pytest.mark.parametrize("corpus", ["", "held_out_"])
def test_a_redacted_form_has_nothing_left_to_redact(corpus: str) -> None:
    """The mark is no secret in any of the places where secrets stand."""
    redaction = Redaction(HOME)
    for form in forms_in(CORPUS / f"{corpus}secrets.txt"):
        once = redaction.text(form.text)
        assert redaction.text(once) == once


def test_the_corpus_is_large_enough_to_say_something() -> None:
    """Each share is one of so many forms."""
    redaction = Redaction(HOME)
    assert found(CORPUS / "secrets.txt", redaction).forms.total() >= 600
    assert hit(CORPUS / "lookalikes.txt", redaction).forms.total() >= 350


@pytest.mark.parametrize(
    "text",
    [
        'password = "{}"', "password={}&user=ann", "| password | {} |", "curl -u ann:{} x",
        "postgres://ann:{}@db/x", "--password {} -v", "<password>{}</password>",
        "X-Api-Key: {}\nnext", "Cookie: sid={}; lang=de", "the password is `{}`, she said",
    ],
)  # fmt: skip
def test_what_stands_around_a_secret_stays(text: str) -> None:
    """Else the text could not be read any more."""
    assert Redaction(HOME).text(text.format("Gr33nApple77x")) == text.format(MARK)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("/home/ann/x and /home/ann", "~/x and ~"),
        ("file:///home/ann/x", "file://~/x"),
        ("I looked in /home/ann.", "I looked in ~."),
        ("gcc -I/home/ann/include -L/home/ann/lib", "gcc -I~/include -L~/lib"),
        ("CPPFLAGS=-isystem/home/ann/x", "CPPFLAGS=-isystem~/x"),
        ("PATH=/home/ann/bin:/home/ann/go", "PATH=~/bin:~/go"),
        ("in projects/-home-ann-work-app/x.jsonl", "in projects/~-work-app/x.jsonl"),
        ("https://a.example/?p=%2Fhome%2Fann%2Fx", "https://a.example/?p=~%2Fx"),
        (r"{\"cwd\":\"\/home\/ann\/x\"}", r"{\"cwd\":\"~\/x\"}"),
        ("-home-annabel a-home-ann x-I/home/ann", "-home-annabel a-home-ann x-I/home/ann"),
        ("/home/anna /home/ann.old /mnt/home/ann", "/home/anna /home/ann.old /mnt/home/ann"),
    ],
)
def test_the_home_becomes_a_tilde_and_nobody_elses(text: str, redacted: str) -> None:
    """A path that only begins alike is another one."""
    redaction = Redaction(HOME)
    assert redaction.text(text) == redacted
    assert redaction.home_paths(text) == redacted.count("~")


def test_a_home_has_several_names() -> None:
    """A symlink and what it leads to; of two that begin alike, the longer one."""
    redaction = Redaction("/home/ann", "/data/home/ann", "/home")
    text = "/data/home/ann/x /home/ann/y -data-home-ann-z /home/bob"
    assert redaction.text(text) == "~/x ~/y ~-z ~/bob"
    assert redaction.home_paths(text) == 4


def test_a_folder_named_after_a_short_home_is_not_an_option() -> None:
    """`/root` gives `-root`, which is one of several programs'."""
    text = "find -root x projects/-root-app/y"
    assert Redaction("/root").text(text) == "find -root x projects/~-app/y"


def test_a_home_that_is_the_root_is_left_alone() -> None:
    """Every path would be one."""
    assert Redaction("/").text("/etc/passwd") == "/etc/passwd"


def test_a_value_is_redacted_in_depth_and_under_a_telling_name_as_a_whole() -> None:
    """Keys, lists and what only its name tells; other values stay."""
    value = {
        "env": {"API_KEY": "short", "accessToken": "x", "PATH": "/home/ann/bin"},
        "list": ["sk-ant-abcdef1234567890", 7, None],
        "input_tokens": 5,
        "AKIAIOSFODNN7EXAMPLE": True,
    }
    assert Redaction(HOME).value(value) == {
        "env": {"API_KEY": MARK, "accessToken": MARK, "PATH": "~/bin"},
        "list": [MARK, 7, None],
        "input_tokens": 5,
        MARK: True,
    }


@given(st.text(alphabet="sk-eyJ.password=:\"'\\ /home/an-BEGIRVTKY1\n"))
def test_a_second_time_changes_nothing(text: str) -> None:
    """What was redacted has nothing left to redact."""
    redaction = Redaction(HOME)
    once = redaction.text(text)
    assert redaction.text(once) == once
