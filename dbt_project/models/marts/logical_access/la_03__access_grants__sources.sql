with grants as (

    select * from {{ ref('int_access_grants') }}

),

events as (

    select * from {{ ref('int_entitlement_events') }}

),

changes as (

    select * from {{ ref('int_permission_changes') }}

),

appearances as (

    select * from {{ ref('int_account_appearances') }}

),

collaborators as (

    select * from {{ ref('stg_github__repository_collaborators') }}

),

members as (

    select * from {{ ref('stg_github__members') }}

),

jira_users as (

    select * from {{ ref('stg_jira__users') }}

),

approvals as (

    select * from {{ ref('int_grant_approvals') }}

),

final as (

    select
        grants.item_key,
        'okta' as source,
        events.instance,
        'system_log' as resource,
        events.record_key,
        events.collection_id,
        events.collected_at,
        events.payload_sha256
    from grants
    inner join events
        on events.movement_key = grants.item_key
    union
    select
        changes.movement_key,
        'github',
        collaborators.instance,
        'repository_collaborators',
        collaborators.record_key,
        collaborators.collection_id,
        collaborators.collected_at,
        collaborators.payload_sha256
    from grants
    inner join changes
        on changes.movement_key = grants.item_key and changes.kind = 'repository_permission'
    inner join collaborators
        on collaborators.instance = changes.instance and collaborators.record_key = concat(changes.object_id, '/', grants.account_id)
    union
    select
        changes.movement_key,
        'github',
        members.instance,
        'members',
        members.record_key,
        members.collection_id,
        members.collected_at,
        members.payload_sha256
    from grants
    inner join changes
        on changes.movement_key = grants.item_key and changes.kind = 'organization_role'
    inner join members
        on members.instance = changes.instance and members.record_key = grants.account_id
    union
    select
        appearances.movement_key,
        'github',
        members.instance,
        'members',
        members.record_key,
        members.collection_id,
        members.collected_at,
        members.payload_sha256
    from grants
    inner join appearances
        on appearances.movement_key = grants.item_key and appearances.system = 'github'
    inner join members
        on members.instance = appearances.instance and members.record_key = grants.account_id
    union
    select
        appearances.movement_key,
        'jira',
        jira_users.instance,
        'users',
        jira_users.record_key,
        jira_users.collection_id,
        jira_users.collected_at,
        jira_users.payload_sha256
    from grants
    inner join appearances
        on appearances.movement_key = grants.item_key and appearances.system = 'jira'
    inner join jira_users
        on jira_users.instance = appearances.instance and jira_users.account_id = grants.account_id
    union
    select
        item_key,
        'jira',
        instance,
        'approvals',
        record_key,
        collection_id,
        collected_at,
        payload_sha256
    from approvals

)

select * from final
