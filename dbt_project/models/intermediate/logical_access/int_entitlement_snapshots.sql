-- Complete snapshots of the lists that say who holds what, each with the one before it.
with collections as (

    select * from {{ ref('stg_ledger__collections') }}

),

final as (

    select
        source,
        instance,
        resource,
        case resource
            when 'group_members' then 'group'
            when 'app_users' then 'app'
            when 'role_assignments' then 'role'
            when 'members' then 'organization_role'
            else 'repository_permission'
        end as kind,
        collection_id,
        collected_at,
        lag(collected_at) over (partition by instance, resource order by collected_at) as previous_at,
    from collections
    where
        kind = 'committed'
        and permission not in ('denied', 'not_available')
        and (
            (source = 'okta' and resource in ('group_members', 'app_users', 'role_assignments'))
            or (source = 'github' and resource in ('members', 'repository_collaborators'))
        )

)

select * from final
