with records as (

    select * from {{ record_intervals('raw_registers', 'delegations') }} as records

),

final as (

    select
        {{ json_text('payload', '$.worker_id') }} as worker_id,
        {{ json_text('payload', '$.delegate_worker_id') }} as delegate_worker_id,
        {{ json_date('payload', '$.valid_from') }} as valid_from,
        {{ json_date('payload', '$.valid_to') }} as valid_to,
        {{ json_text('payload', '$.scope') }} as scope,
        instance,
        record_key,
        collection_id,
        collected_at,
        payload_sha256,
        seen_from,
        seen_to,
        gone_at
    from records

)

select * from final
