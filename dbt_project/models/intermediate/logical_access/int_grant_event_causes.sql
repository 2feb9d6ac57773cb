-- What the log says beyond actor and target of a grant: the group rule that caused it, the privilege as text.
with events as (

    select * from {{ ref('stg_okta__system_log') }}

),

final as (

    select
        instance,
        event_id,
        group_rule_id,
        privilege
    from events
    where
        event_type in (
            'group.user_membership.add', 'application.user_membership.add', 'user.account.privilege.grant', 'user.account.privilege.revoke'
        )

)

select * from final
