with records as (

    select * from {{ latest_records('raw_registers', 'person_accounts') }} as records

),

final as (

    select
        {{ json_text('payload', '$.system') }} as system,
        {{ json_text('payload', '$.instance') }} as system_instance,
        {{ json_text('payload', '$.account_id') }} as account_id,
        {{ json_date('payload', '$.valid_from') }} as valid_from,
        {{ json_text('payload', '$.person_id') }} as person_id,
        {{ json_date('payload', '$.valid_to') }} as valid_to,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        first_collected_at,
        gone_at,
        versions
    from records

)

select * from final
