with records as (

    select * from {{ latest_records('raw_okta', 'system_log') }} as records

),

unpacked as (

    select * from {{ json_texts('records', 'payload', {
        'event_id': '$.uuid',
        'occurred_at': '$.published',
        'event_type': '$.eventType',
        'outcome': '$.outcome.result',
        'outcome_reason': '$.outcome.reason',
        'actor_id': '$.actor.id',
        'actor_type': '$.actor.type',
        'actor_login': '$.actor.alternateId',
        'actor_name': '$.actor.displayName',
        'display_message': '$.displayMessage',
        'transaction_id': '$.transaction.id',
        'transaction_type': '$.transaction.type',
        'api_token_id': '$.transaction.detail.requestApiTokenId',
        'client_user_agent': '$.client.userAgent.rawUserAgent',
        'client_ip': '$.client.ipAddress',
        'group_rule_id': '$.debugContext.debugData.triggeredByGroupRuleId',
        'privilege': '$.debugContext.debugData.privilegeGranted',
        'targets': '$.target'
    }) }} as unpacked

),

final as (

    select
        event_id,
        {{ text_to_instant('occurred_at') }} as occurred_at,
        event_type,
        outcome,
        outcome_reason,
        actor_id,
        actor_type,
        actor_login,
        actor_name,
        display_message,
        transaction_id,
        transaction_type,
        api_token_id,
        client_user_agent,
        client_ip,
        group_rule_id,
        privilege,
        nullif(targets, '[]') as targets,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        versions
    from unpacked

)

select * from final
