"""What people do with harbor-api-client, which is generated from Harbor's description; prints what came of it, in JSON."""

import json
import sys

import harbor_client as harbor

url, password = sys.argv[1:3]
configuration = harbor.Configuration()
configuration.host = url
configuration.username = "admin"
configuration.password = password
client = harbor.ApiClient(configuration)
told = {}


def status(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)[1]
    except harbor.rest.ApiException as error:
        return error.status


projects = harbor.ProjectApi(client)
told["created"] = projects.create_project_with_http_info(
    harbor.ProjectReq(project_name="generated", metadata=harbor.ProjectMetadata(public="false"))
)[1:]
told["location"] = told["created"][1]["Location"]
told["created"] = told["created"][0]
number = int(told["location"].rsplit("/", 1)[1])
told["again"] = status(
    projects.create_project_with_http_info, harbor.ProjectReq(project_name="generated")
)
told["bad"] = status(projects.create_project_with_http_info, harbor.ProjectReq(project_name="No!"))
listed = projects.list_projects_with_http_info(q="name=~gener", page=1, page_size=5)
told["listed"] = [[project.name for project in listed[0]], listed[2]["X-Total-Count"]]
told["updated"] = status(
    projects.update_project_with_http_info,
    str(number),
    harbor.ProjectReq(metadata=harbor.ProjectMetadata(public="true")),
)
told["public"] = projects.get_project("generated", x_is_resource_name=True).metadata.public
told["head"] = status(projects.head_project_with_http_info, "generated")
told["no_head"] = status(projects.head_project_with_http_info, "nothing")

users = harbor.UserApi(client)
told["user"] = status(
    users.create_user_with_http_info,
    harbor.UserCreationReq(
        username="bob", email="bob@example.org", realname="Bob", password="Correct1"
    ),
)
bob = [user for user in users.list_users() if user.username == "bob"][0]
members = harbor.MemberApi(client)
told["member"] = status(
    members.create_project_member_with_http_info,
    str(number),
    project_member=harbor.ProjectMember(
        role_id=3, member_user=harbor.UserEntity(username="bob")
    ),
)
told["members"] = sorted(m.entity_name for m in members.list_project_members(str(number)))

robots = harbor.RobotApi(client)
access = [harbor.Access(resource="repository", action=action) for action in ("pull", "push")]
made = robots.create_robot(
    harbor.RobotCreate(
        name="deploy",
        level="project",
        duration=7,
        permissions=[
            harbor.RobotPermission(kind="project", namespace="generated", access=access)
        ],
    )
)
told["robot"] = [made.name, made.expires_at > 0]
robot = robots.get_robot_by_id(made.id)
robot.disable = True
told["disabled"] = status(robots.update_robot_with_http_info, made.id, robot)
told["is_disabled"] = robots.get_robot_by_id(made.id).disable
told["of_project"] = [r.name for r in robots.list_robot(q=f"Level=project,ProjectID={number}")]
told["secret"] = len(robots.refresh_sec(made.id, harbor.RobotSec(secret="")).secret)
told["deleted"] = status(robots.delete_robot_with_http_info, made.id)

quotas = harbor.QuotaApi(client)
(quota,) = [q for q in quotas.list_quotas(reference="project") if q.ref["name"] == "generated"]
told["quota"] = status(
    quotas.update_quota_with_http_info, quota.id, harbor.QuotaUpdateReq(hard={"storage": 1000})
)
told["limit"] = quotas.get_quota(quota.id).hard["storage"]

logs = harbor.AuditlogApi(client).list_audit_logs(q="resource_type=robot", page_size=50)
told["robots_logged"] = sorted({log.operation for log in logs})
told["users"] = users.delete_user_with_http_info(bob.user_id)[1]
told["gone"] = projects.delete_project_with_http_info(str(number))[1]
print(json.dumps(told))
