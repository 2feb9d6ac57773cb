-- What the log says beyond actor and target of a grant: the group rule that caused it, the privilege as text.
with records as (

    select * from {{ latest_records('raw_okta', 'system_log') }} as records

),

final as (

    select
        instance,
        {{ json_text('payload', '$.uuid') }} as event_id,
        {{ json_text('payload', '$.debugContext.debugData.triggeredByGroupRuleId') }} as group_rule_id,
        {{ json_text('payload', '$.debugContext.debugData.privilegeGranted') }} as privilege
    from records
    where
        {{ json_text('payload', '$.eventType') }} in (
            'group.user_membership.add', 'application.user_membership.add', 'user.account.privilege.grant', 'user.account.privilege.revoke'
        )

)

select * from final
