with records as (

    select * from {{ latest_records('raw_registers', 'payroll_register') }} as records

),

final as (

    select
        {{ json_text('payload', '$.pay_period') }} as pay_period,
        {{ json_text('payload', '$.worker_id') }} as worker_id,
        {{ json_date('payload', '$.paid_on') }} as paid_on,
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
