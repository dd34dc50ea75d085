"""The data access role that the service assumes, and the policies that it and the caller need.

Policies are the least that the product uses: one bucket and prefix, one role, one account and
Region.
"""

from core.comprehend.roles.lifecycle import (
    ROLE_POLICY_NAME,
    RoleSpec,
    create_role,
    delete_role,
    find_role,
    require_tags,
    role_exists,
    role_name_of,
)
from core.comprehend.roles.policies import (
    ACCOUNT_PLACEHOLDER,
    ACTIONS_ON_CLASSIFIERS,
    ACTIONS_ON_ENDPOINTS,
    ACTIONS_ON_JOBS,
    ACTIONS_ON_LISTS,
    SERVICE_PRINCIPAL,
    Policy,
    Scope,
    caller_policy,
    comprehend_statements,
    document,
    key_statement,
    object_address,
    partition_of,
    pass_role_statement,
    policy_text,
    role_policy,
    setup_policy,
    store_statements,
    trust_policy,
)

__all__ = [
    "ACCOUNT_PLACEHOLDER",
    "ACTIONS_ON_CLASSIFIERS",
    "ACTIONS_ON_ENDPOINTS",
    "ACTIONS_ON_JOBS",
    "ACTIONS_ON_LISTS",
    "ROLE_POLICY_NAME",
    "SERVICE_PRINCIPAL",
    "Policy",
    "RoleSpec",
    "Scope",
    "caller_policy",
    "comprehend_statements",
    "create_role",
    "delete_role",
    "document",
    "find_role",
    "key_statement",
    "object_address",
    "partition_of",
    "pass_role_statement",
    "policy_text",
    "require_tags",
    "role_exists",
    "role_name_of",
    "role_policy",
    "setup_policy",
    "store_statements",
    "trust_policy",
]
