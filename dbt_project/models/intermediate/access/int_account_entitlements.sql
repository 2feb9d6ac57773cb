-- What an account held, by unbroken run of snapshots. valid_to is the first snapshot without it: it ended after last_seen_at and
-- by valid_to. external_id is that of the register of entitlements.
with holdings as (

    select
        'okta' as system,
        instance,
        user_id as account_id,
        'group' as kind,
        group_id as external_id,
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_okta__group_members_intervals') }}
    union all
    select
        'okta',
        instance,
        user_id,
        'app',
        app_id,
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_okta__app_users_intervals') }}
    union all
    select
        'okta',
        instance,
        user_id,
        'role',
        role_type,
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_okta__role_assignments_intervals') }}
    union all
    select
        'github',
        instance,
        user_id,
        'organization_role',
        role,
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_github__members_intervals') }}
    union all
    select
        'github',
        instance,
        user_id,
        'repository_permission',
        concat(repository_id, '/', role_name),
        seen_from,
        seen_to,
        gone_at
    from {{ ref('stg_github__repository_collaborators_intervals') }}

),

final as (

    select
        concat(instance, ':', account_id) as account_key,
        system,
        instance,
        kind,
        external_id,
        seen_from as valid_from,
        gone_at as valid_to,
        seen_to as last_seen_at
    from holdings

)

select * from final
