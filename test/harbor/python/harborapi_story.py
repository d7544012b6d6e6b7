"""What people do with harborapi, step by step; prints what came of each step, in JSON, for the test to look at."""

import asyncio
import json
import sys

from harborapi import HarborAsyncClient
from harborapi.exceptions import Conflict, NotFound, StatusError, Unauthorized
from harborapi.models import (
    Configurations,
    Label,
    ProjectMetadata,
    ProjectReq,
    QuotaUpdateReq,
    ResourceList,
    RobotCreate,
    RobotPermission,
    Access,
    Tag,
    UserCreationReq,
    UserProfile,
)

url, password, part = sys.argv[1:4]
told = {}


async def refused(call, kind):
    try:
        await call
        return "done"
    except kind as error:
        return error.status_code if isinstance(error, StatusError) else type(error).__name__


async def system(client):
    told["ping"] = await client.ping()
    told["health"] = (await client.health_check()).status
    told["info"] = (await client.get_system_info()).auth_mode
    told["me"] = (await client.get_current_user()).username
    told["volumes"] = len((await client.get_system_volume_info()).storage)
    config = await client.get_config()
    told["prefix"] = config.robot_name_prefix.value
    await client.update_config(Configurations(banner_message='{"message":"hi"}'))
    told["banner"] = (await client.get_config()).banner_message.value
    wrong = HarborAsyncClient(url=url, username="admin", secret="Wrong1234")
    told["wrong"] = await refused(wrong.get_current_user(), Unauthorized)


async def projects(client):
    location = await client.create_project(
        ProjectReq(project_name="team", public=False, storage_limit=10_000_000)
    )
    told["location"] = location
    told["again"] = await refused(client.create_project(ProjectReq(project_name="team")), Conflict)
    told["exists"] = await client.project_exists("team")
    told["missing"] = await client.project_exists("nothing")
    project = await client.get_project("team")
    told["project"] = {
        "name": project.name,
        "owner": project.owner_name,
        "public": project.metadata.public,
        "by_id": (await client.get_project(project.project_id)).name,
    }
    for number in range(25):
        await client.create_project(ProjectReq(project_name=f"many-{number:02}"))
    told["count"] = len(await client.get_projects(page_size=10))
    told["filtered"] = [p.name for p in await client.get_projects(query="name=~many-0", sort="-name")]
    await client.update_project("team", ProjectReq(metadata=ProjectMetadata(public="true")))
    told["published"] = (await client.get_project("team")).metadata.public
    summary = await client.get_project_summary("team")
    told["summary"] = {"quota": summary.quota.hard.root, "admins": summary.project_admin_count}
    told["deletable"] = (await client.get_project_deletable("many-24")).deletable
    await client.delete_project("many-24")
    told["deleted"] = await refused(client.get_project("many-24"), NotFound)
    told["statistics"] = (await client.get_statistics()).total_project_count
    told["search"] = [p.name for p in (await client.search("many-1")).project]


async def members(client):
    await client.create_user(
        UserCreationReq(
            username="alice", email="alice@example.org", realname="Alice", password="Correct1"
        )
    )
    alice = await client.get_user_by_username("alice")
    told["alice"] = {"mail": alice.email, "admin": alice.sysadmin_flag}
    await client.update_user(
        alice.user_id, UserProfile(email="a@example.org", realname="A", comment="c")
    )
    told["changed"] = (await client.get_user(alice.user_id)).email
    told["found"] = [u.username for u in await client.search_users_by_username("ali")]
    location = await client.add_project_member_user("team", "alice", role_id=2)
    told["member"] = location
    listed = await client.get_project_members("team")
    told["members"] = sorted((m.entity_name, m.role_name) for m in listed)
    (member,) = [m for m in listed if m.entity_name == "alice"]
    await client.update_project_member_role("team", member.id, 4)
    told["role"] = (await client.get_project_member("team", member.id)).role_id
    hers = HarborAsyncClient(url=url, username="alice", secret="Correct1")
    told["hers"] = [p.name for p in await hers.get_projects()]
    told["forbidden"] = await refused(hers.get_users(), StatusError)
    await client.remove_project_member("team", member.id)
    told["left"] = [m.entity_name for m in await client.get_project_members("team")]
    await client.set_user_password(alice.user_id, "Another1")
    await client.set_user_admin(alice.user_id, True)
    told["admin"] = (await client.get_user(alice.user_id)).sysadmin_flag
    await client.delete_user(alice.user_id)
    told["users"] = [u.username for u in await client.get_users()]
    told["groups"] = len(await client.get_usergroups())


async def quotas(client):
    (quota,) = [q for q in await client.get_quotas() if q.ref.root["name"] == "team"]
    told["quota"] = quota.hard.root
    await client.update_quota(quota.id, QuotaUpdateReq(hard=ResourceList(root={"storage": 5})))
    told["lowered"] = (await client.get_quota(quota.id)).hard.root
    await client.update_quota(quota.id, QuotaUpdateReq(hard=ResourceList(root={"storage": -1})))


async def robots(client):
    permission = RobotPermission(
        kind="project",
        namespace="team",
        access=[Access(resource="repository", action="pull"), Access(resource="repository", action="push")],
    )
    made = await client.create_robot(
        RobotCreate(name="ci", level="system", duration=-1, permissions=[permission])
    )
    told["robot"] = {"name": made.name, "secret": len(made.secret), "expires": made.expires_at}
    robot = await client.get_robot(made.id)
    other = permission.model_copy(update={"namespace": "many-01"})
    robot.permissions = [permission, other]
    await client.update_robot(made.id, robot)
    told["namespaces"] = [p.namespace for p in (await client.get_robot(made.id)).permissions]
    told["listed"] = [r.name for r in await client.get_robots()]
    await client.refresh_robot_secret(made.id, "Chosen-1-secret")
    told["all_permissions"] = len((await client.get_permissions()).project) > 10
    await client.delete_robot(made.id)
    told["gone"] = await refused(client.get_robot(made.id), NotFound)


async def artifacts(client):
    repositories = await client.get_repositories("team")
    told["repositories"] = sorted(r.name for r in repositories)
    repository = await client.get_repository("team", "app/api")
    told["repository"] = {"artifacts": repository.artifact_count, "id": isinstance(repository.id, int)}
    found = await client.get_artifacts("team", "app/api", with_label=True)
    told["artifacts"] = [
        {"type": a.type, "tags": sorted(t.name for t in a.tags or []), "size": a.size > 0} for a in found
    ]
    artifact = await client.get_artifact("team", "app/api", "v1")
    told["artifact"] = {"digest": artifact.digest, "media_type": artifact.media_type}
    await client.create_artifact_tag("team", "app/api", "v1", Tag(name="stable"))
    told["tags"] = sorted(t.name for t in await client.get_artifact_tags("team", "app/api", "v1"))
    await client.delete_artifact_tag("team", "app/api", "v1", "stable")
    location = await client.create_label(Label(name="tested", color="#00AA00", scope="g"))
    label_id = int(location.rsplit("/", 1)[1])
    await client.add_artifact_label("team", "app/api", "v1", Label(id=label_id))
    labelled = await client.get_artifact("team", "app/api", "v1", with_label=True)
    told["labels"] = [label.name for label in labelled.labels]
    await client.delete_artifact_label("team", "app/api", "v1", label_id)
    await client.delete_label(label_id)
    await client.copy_artifact("many-01", "copy", "team/app/api:v1")
    told["copied"] = (await client.get_artifact("many-01", "copy", "v1")).digest
    told["accessories"] = len(await client.get_artifact_accessories("team", "app/api", "v1"))
    told["history"] = len(await client.get_artifact_build_history("team", "app/api", "v1"))
    await client.delete_artifact("many-01", "copy", "v1")
    await client.delete_repository("many-01", "copy")
    told["rest"] = [r.name for r in await client.get_repositories("many-01")]


async def audit(client):
    logs = await client.get_audit_logs(limit=100)
    told["operations"] = sorted({f"{log.operation} {log.resource_type}" for log in logs})
    told["by"] = sorted({log.username for log in logs if log.resource_type == "project"})
    told["of_team"] = len(await client.get_project_logs("team", limit=100)) > 0


async def main():
    client = HarborAsyncClient(url=url, username="admin", secret=password)
    await globals()[part](client)
    print(json.dumps(told, default=str))


asyncio.run(main())
