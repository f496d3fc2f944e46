"""Sessions of a small team, and what somebody would type to find one of them again.

Written as people work: titles are often vague, the same words occur in many sessions, and long
answers mention things that the session is not about.
"""

from typing import NamedTuple


class Told(NamedTuple):
    """A session; the later ones were used later."""

    key: str
    title: str
    turns: tuple[tuple[str, str], ...]
    name: str | None = None
    tags: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


_CHORES = (
    "I looked at the whole project first. There are 41 test files, and the build takes two "
    "minutes. The login page is served by the gateway. The worker reads its queue from Redis, "
    "and the scheduler starts it every hour. Docker is only used in CI. The configuration is "
    "read from the environment, and a timeout of 30 seconds applies to every request. I did "
    "not find anything that is unused, but three modules have no test. The user table has an "
    "index on the email. Retries are handled by the client library. The cache lives in memory "
    "and is lost on restart. Release notes are written by hand. The linter runs before each "
    "commit. "
)

SESSIONS = (
    Told(
        "flaky-login",
        "Make the end-to-end suite stable",
        (
            (
                "The flaky login test fails every third run, can you find out why?",
                "It clicks before the form is ready. I wait for the button now.",
            ),
        ),
        files=("e2e/login.spec.ts",),
    ),
    Told(
        "login-page",
        "Login page redesign",
        (
            (
                "Move the logo to the left and use the new colours",
                "Done, in `login.css`.",
            ),
            (
                "Are there tests that are flaky after this?",
                _CHORES,
            ),
        ),
    ),
    Told(
        "redis-timeout",
        "Investigate production incident",
        (
            (
                "The worker stops at night",
                (
                    "The log says it: the Redis connection timeout is 5 seconds, and the "
                    "failover takes 12. I raised `socket_timeout` to 20."
                ),
            ),
        ),
        name="incident-231",
        tags=("production",),
    ),
    Told(
        "overview",
        "Overview of the project",
        (
            (
                "What is in this repository?",
                _CHORES * 3,
            ),
        ),
    ),
    Told(
        "auth-refresh",
        "Refresh tokens twice",
        (
            (
                "the session expires although auth.go refreshes the token",
                (
                    "Two requests refresh it at the same time; the second token wins and the "
                    "first is refused. I put a mutex around `refreshToken`."
                ),
            ),
        ),
        files=("internal/auth/auth.go",),
    ),
    Told(
        "cafe-menu",
        "Café menu as a web page",
        (
            (
                "Mach aus der Speisekarte eine Webseite für das Café",
                "Die Seite liegt in `index.html`, die Größe der Schrift ist 18 px.",
            ),
        ),
    ),
    Told(
        "cafe-seed",
        "Seed data for the demo",
        (
            (
                "Write 50 rows of demo data",
                "The venues are bar, bistro, cafe and diner; each has a street and a rating.",
            ),
        ),
        files=("db/seed.sql",),
    ),
    Told(
        "docker-cache",
        "Speed up CI",
        (
            (
                "The docker build cache is never used",
                (
                    "`COPY . .` came before the dependencies were installed. I moved it down, "
                    "so the layer with `npm ci` is cached."
                ),
            ),
        ),
        files=(
            ".github/workflows/ci.yml",
            "Dockerfile",
        ),
    ),
    Told(
        "cache-bug",
        "Wrong prices after an update",
        (
            (
                "Prices are old for an hour after we build a release with Docker",
                (
                    "The price list is kept in a cache for one hour. I invalidate the cache "
                    "when the list is imported."
                ),
            ),
        ),
    ),
    Told(
        "migration",
        "Postgres 16",
        (
            (
                "Plan the database migration to Postgres 16",
                (
                    "Three steps: a dump of the roles, a logical replica, and the switch. The "
                    "migration script is idempotent."
                ),
            ),
        ),
        tags=("database",),
        files=("db/migrate_16.sh",),
    ),
    Told(
        "migration-users",
        "Split the user name",
        (
            (
                "Add first_name and last_name to users",
                (
                    "The migration adds both columns and fills them from `name`. Afterwards "
                    "the database needs a VACUUM."
                ),
            ),
        ),
        files=("db/migrations/0042_users.sql",),
    ),
    Told(
        "rate-limit",
        "API returns 429",
        (
            (
                "Clients get 429 although they are slow",
                (
                    "The rate limit counts per office address, not per key. I key it by API "
                    "token now."
                ),
            ),
        ),
    ),
    Told(
        "memory-leak",
        "Worker needs 4 GB",
        (
            (
                "The worker grows until it is killed",
                "There is a memory leak: every job appends to `handlers`, and none is removed.",
            ),
        ),
        files=("worker/jobs.py",),
    ),
    Told(
        "memory-game",
        "Memory game for the fair",
        (
            (
                "Write a memory game with 12 cards in plain JavaScript",
                (
                    "It is in `game.js`. The cards are shuffled with Fisher-Yates; nothing can "
                    "leak from one round to the next."
                ),
            ),
        ),
    ),
    Told(
        "no-verify",
        "Commits without hooks",
        (
            (
                "who commits with --no-verify?",
                "Nothing in the history shows it; a server side check can refuse such commits.",
            ),
        ),
    ),
    Told(
        "pre-commit",
        "pre-commit hook is slow",
        (
            (
                "The hook takes 40 s, please verify only what changed",
                "It runs the linter on staged files alone now: 2 s.",
            ),
        ),
        files=(".pre-commit-config.yaml",),
    ),
    Told(
        "retry",
        "Webhook deliveries get lost",
        (
            (
                "If the receiver is down, the webhook is lost",
                (
                    "I added a retry with exponential backoff: 1, 2, 4 … 64 s, and a dead "
                    "letter queue."
                ),
            ),
        ),
        name="webhooks",
    ),
    Told(
        "typo",
        "Fix typos in the handbook",
        (
            (
                "correct the spelling",
                (
                    "I corrected 31 words, such as co\u00adoperation and the user\u2019s "
                    "guide, and put non\u2011breaking hyphens into “end\u2011to\u2011end”."
                ),
            ),
        ),
    ),
    Told(
        "timezone",
        "Reports are one day off",
        (
            (
                "The report of 1 March contains 28 February",
                (
                    "The server computes in UTC and the report in local time. A time zone is "
                    "stored with each customer now."
                ),
            ),
        ),
    ),
    Told(
        "temperature",
        "Sensor firmware",
        (
            (
                "The display shows 251 when it is \u22125 degrees outside",
                "The byte is signed; I read it as `int8_t`.",
            ),
        ),
        files=("src/sensor.c",),
    ),
    Told(
        "pagination",
        "List endpoint is slow",
        (
            (
                "GET /orders takes 9 s",
                (
                    "I replaced the offset with a cursor: keyset pagination by `created_at` "
                    "and `id`."
                ),
            ),
        ),
        tags=("performance",),
    ),
    Told(
        "test-data",
        "Go test helpers",
        (
            (
                "Clean up the helpers",
                (
                    "They live in `testing.go`; a good name for each table entry, `go vet` is "
                    "silent."
                ),
            ),
        ),
    ),
    Told(
        "release",
        "Version 2.4.0",
        (
            (
                "Draft the release notes",
                (
                    "Highlights: keyset lists, signed webhooks, a rate limit per key. The list "
                    "of contributors has 14 names. "
                )
                + _CHORES,
            ),
        ),
        tags=("release",),
    ),
    Told(
        "standup",
        "Notes for the standup",
        (
            (
                "Summarise what was done this week",
                (
                    "Monday: memory of the worker, the queue was full. Tuesday: looked for the "
                    "leak in the water pipe of the office. Wednesday: docker update; the build "
                    "was green. Thursday: database backup and a migration of the wiki. Friday: "
                    "the token for the mail server, later a refresh of the style guide. "
                )
                + _CHORES,
            ),
        ),
    ),
)

QUERIES = (
    ("flaky login", "flaky-login"),
    ("login test", "flaky-login"),
    ("login colours", "login-page"),
    ("login page", "login-page"),
    ("redis timeout", "redis-timeout"),
    ("incident", "redis-timeout"),
    ("refresh token", "auth-refresh"),
    ("auth.go", "auth-refresh"),
    ("café", "cafe-menu"),
    ("cafe", "cafe-seed"),
    ("cafe menu", "cafe-menu"),
    ("grosse schrift", "cafe-menu"),
    ("docker build", "docker-cache"),
    ("docker cache", "docker-cache"),
    ("database migration", "migration"),
    ("migration users", "migration-users"),
    ("rate limit key", "rate-limit"),
    ("memory leak", "memory-leak"),
    ("memory game", "memory-game"),
    ("--no-verify", "no-verify"),
    ("commit hook", "pre-commit"),
    ("webhook retry", "retry"),
    ('"user\'s guide"', "typo"),
    ("end-to-end hyphens", "typo"),
    ("time zone", "timezone"),
    ('"-5 degrees"', "temperature"),
    ("release notes", "release"),
)
"""What is typed, and the session that it means."""
