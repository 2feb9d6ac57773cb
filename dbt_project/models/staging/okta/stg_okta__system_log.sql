with records as (

    select * from {{ latest_records('raw_okta', 'system_log') }} as records

),

final as (

    select
        {{ json_text('payload', '$.uuid') }} as event_id,
        {{ json_timestamp('payload', '$.published') }} as occurred_at,
        {{ json_text('payload', '$.eventType') }} as event_type,
        {{ json_text('payload', '$.outcome.result') }} as outcome,
        {{ json_text('payload', '$.outcome.reason') }} as outcome_reason,
        {{ json_text('payload', '$.actor.id') }} as actor_id,
        {{ json_text('payload', '$.actor.type') }} as actor_type,
        {{ json_text('payload', '$.actor.alternateId') }} as actor_login,
        {{ json_text('payload', '$.actor.displayName') }} as actor_name,
        {{ json_text('payload', '$.displayMessage') }} as display_message,
        {{ json_text('payload', '$.transaction.id') }} as transaction_id,
        {{ json_text('payload', '$.transaction.type') }} as transaction_type,
        {{ json_text('payload', '$.transaction.detail.requestApiTokenId') }} as api_token_id,
        {{ json_text('payload', '$.client.userAgent.rawUserAgent') }} as client_user_agent,
        {{ json_text('payload', '$.client.ipAddress') }} as client_ip,
        {{ json_text('payload', '$.debugContext.debugData.triggeredByGroupRuleId') }} as group_rule_id,
        {{ json_text('payload', '$.debugContext.debugData.privilegeGranted') }} as privilege,
        nullif({{ json_text('payload', '$.target') }}, '[]') as targets,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        versions
    from records

)

select * from final
