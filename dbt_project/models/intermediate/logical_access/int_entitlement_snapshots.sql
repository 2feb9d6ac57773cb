-- Complete snapshots of the lists that say who has an account and who holds what, each with the one before it. A list of members says both.
with collections as (

    select * from {{ ref('stg_ledger__collections') }}
    where kind = 'committed' and permission not in ('denied', 'not_available')

),

lists as (

    select 'okta' as source, 'users' as resource, 'account' as kind
    union all
    select 'okta', 'group_members', 'group'
    union all
    select 'okta', 'app_users', 'app'
    union all
    select 'okta', 'role_assignments', 'role'
    union all
    select 'github', 'members', 'account'
    union all
    select 'github', 'members', 'organization_role'
    union all
    select 'github', 'repository_collaborators', 'repository_permission'
    union all
    select 'jira', 'users', 'account'

),

final as (

    select
        collections.source,
        collections.instance,
        collections.resource,
        lists.kind,
        collections.collection_id,
        collections.collected_at,
        lag(collections.collected_at) over (
            partition by collections.instance, collections.resource, lists.kind order by collections.collected_at nulls last, collections.n nulls last
        ) as previous_at
    from collections
    inner join lists
        on lists.source = collections.source and lists.resource = collections.resource

)

select * from final
