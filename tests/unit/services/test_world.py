"""The world that services are given: what this process makes of its own."""

from uuid import UUID

from clinvk.services.world import world_of_this_process


def test_a_new_uuid_is_random_and_of_version_4() -> None:
    """Agents check the version and the variant of an id that is chosen for them."""
    world = world_of_this_process()
    made = {world.new_uuid() for _ in range(100)}
    assert len(made) == 100
    assert {(str(UUID(one)) == one, UUID(one).version, UUID(one).variant) for one in made} == {
        (True, 4, "specified in RFC 4122")
    }
